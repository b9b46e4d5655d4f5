/** Convolutions, which look pixels up by computed positions, train on the CPU as the interpreter computes. */

import { compiledOf } from "../../theory/network.js";
import { testCourse } from "../training.js";
import { engines } from "./engines.js";

const spec = `use std.convolutions { convolution }
use std.layers { linear }
model small() {
  input image[row: 9, column: 8, channel: 3]
  input label in 4
  h = relu(convolution(image, 6))
  g = relu(convolution(h, 8, stride: 2))
  loss cross_entropy(linear(mean(g over row, column)[channel as feature], 4), label)
}
train run of small {
  data npy("data")
  optimizer adamw(eps: 1e-2)
  schedule constant(peak: 1e-2)
  batch 5
  steps 10
}`;

testCourse(compiledOf(spec), engines);
