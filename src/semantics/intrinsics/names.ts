/** The built-in functions: what the language cannot say in itself. Everything else is in `stdlib/`. */

export const elementwiseNames = ["exp", "log", "sqrt", "rsqrt", "tanh", "erf", "sin", "cos", "abs", "sign", "floor"] as const;

/** The loaders that a recipe's `data` line may name. */
export const loaderNames = ["idx", "cifar10", "images", "npy", "lines", "text", "csv", "molecules"] as const;

export const intrinsicNames: readonly string[] = [
  ...elementwiseNames,
  "sum", "mean", "max", "min", "count", "size", "index", "dot",
  "select", "float", "integer", "stop", "fill", "broadcast",
  "split", "merge", "slice", "concatenate", "take", "argsort",
  "uniform_like", "normal_like", "fan_in", "fan_out",
  "total", "gradient_at", "example_gradients", "gradient", "singular_values", "selected", "layer_number", "layer_count",
  ...loaderNames,
];
