/** The text of docs/stdlib.md. What it needs of the compiler is given, so that tests can give the sources' own. */

/** What the modules are for, in the order of the page. */
const purposes = new Map([
  ["norms", "Normalisations: what a policy gives a group."],
  ["placements", "Where a sublayer's norms stand."],
  ["layers", "Parts of a model, and sublayers of stacks."],
  ["convolutions", "Convolutions of images."],
  ["ngpt", "The parts of nGPT, which go with `std.placements.ngpt`."],
  ["graphs", "Graphormer's encodings of a graph, for the features of its nodes and for the scores of attention."],
  ["text", "Masked language models and vectors of sentences."],
  ["embeddings", "Sequences from ids, and positions."],
  ["functions", "Elementwise functions, softmax, and random orders."],
  ["initializers", "First values of parameters, behind `~`."],
  ["objectives", "Losses and reports."],
  ["optimizers", "How parameters are updated."],
  ["sharpness", "Optimizers that take a second gradient, from where the loss is higher."],
  ["noise", "Optimizers that watch the gradient noise scale."],
  ["schedules", "The rate of each step."],
  ["measures", "Quantities to watch while a recipe trains."],
]);

export function stdlibPage({ Modules, preludeModules, standardModules, readLibrary }) {
  const unknown = standardModules.find((name) => !purposes.has(name));
  if (unknown !== undefined) throw new Error(`say in scripts/stdlib/page.mjs what std.${unknown} is for`);
  const library = new Modules({ readSpec: () => undefined, readLibrary }, (found) => {
    throw new Error(found.message);
  });
  const sections = [...purposes].filter(([name]) => standardModules.includes(name)).map(([name, purpose]) => {
    const module = library.named(`std.${name}`);
    const open = preludeModules.includes(name) ? "In use everywhere." : `\`use std.${name} { … }\`.`;
    const rows = [...module.definitions.values()].map((definition) => row(definition, module.source.text));
    return [`## std.${name}`, "", `${purpose} ${open}`, "", "| definition | kind | is | source |", "| --- | --- | --- | --- |", ...rows, ""].join("\n");
  });
  return `# The standard library

<!-- Made by scripts/stdlib-docs.mjs from the comments in stdlib/std; change those. -->

Every definition here is written in the language, in \`stdlib/std/\`. \`norm explain std.norms.layer\` prints one with its text.
Parameters that the compiler fills in come first: the tensor of a norm, for one. See [language.md](language.md#definitions).

${sections.join("\n")}`;
}

/** A definition with its parameters and defaults as written, the first paragraph of its comment, and the source it names. */
function row(definition, text) {
  const lines = definition.documentation.split("\n");
  const parameters = (definition.parameters ?? []).map((parameter) => text.slice(parameter.start, parameter.end)).join(", ");
  const [first] = definition.documentation.split("\n\n");
  return `| \`${definition.name.name}(${parameters})\` | ${definition.keyword} | ${cell(first.replaceAll("\n", " "))} | ${source(lines)} |`;
}

/** What the comment says behind `Source:`, to the end of the first line that ends with a full stop. */
function source(lines) {
  const start = lines.findIndex((line) => line.includes("Source: "));
  if (start < 0) return "";
  const found = [lines[start].slice(lines[start].indexOf("Source: ") + "Source: ".length)];
  for (let i = start + 1; i < lines.length && !found.at(-1).trimEnd().endsWith("."); i++) found.push(lines[i]);
  return cell(found.join(" ").trim());
}

function cell(text) {
  // A star is Markdown's emphasis, and a bar ends the cell.
  return text.replaceAll("|", "\\|").replaceAll("*", "\\*");
}
