/** The command `norm`. */

import { readFileSync } from "node:fs";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { interruptedExitCode } from "../runtime/interrupts.js";
import { RunError } from "../runtime/errors.js";
import { DataError } from "../runtime/data/error.js";
import { deviceChoices } from "../runtime/tfjs/devices.js";
import { targets } from "./targets.js";
import { DifferencesFound, Interrupted, ProblemsFound, UsageError } from "./exit.js";

const version = (JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string }).version;

function program(): Command {
  const norm = new Command("norm").description("A language for transformer architectures: checks specs and trains them.").version(version);
  norm.exitOverride();
  const format = () => new Option("--format <format>", "how to show what was found").choices(["text", "json"]).default("text");
  const target = (byDefault: string) => new Option("--target <target>", `what to compile to (default: ${byDefault})`).choices(targets);
  const several = (value: string, others: readonly string[] = []) => [...others, value];
  const whole = (text: string): number => {
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError("It must be a whole number.");
    return value;
  };

  norm
    .command("check")
    .description("Check specs without running anything.")
    .argument("<specs...>", "files, or `file.norm#recipe`")
    .addOption(format())
    .action(async (specs: string[], options) => (await import("./check.js")).check(specs, options));

  norm
    .command("train")
    .description("Check a spec, compile it, train it and write the weights.")
    .argument("<spec>", "a file, or `file.norm#recipe` where it holds several")
    .addOption(target("webgpu where there is a GPU, else wasm"))
    .addOption(new Option("--device <device>", "with `--target tfjs`: where it computes (default: auto, the fastest that is there)").choices(deviceChoices))
    .option("--threads <number>", "with the target wasm: on how many threads (default: as many as the machine runs at a time)", whole)
    .option("--out <folder>", "the run's folder (default: runs/<recipe>, or the next that is free)")
    .option("--data <folder>", "one more folder in which the recipe's data may lie; may be given several times", several)
    .option("--from <stage=path>", "the run's folder, or the weights, of a stage that the recipe begins with; may be given several times (default: the run beside this one's)", several)
    .option("--resume", "go on from the run's last checkpoint")
    .option("--steps <number>", "stop after so many steps, instead of what the recipe says", whole)
    .option("--seed <number>", "another seed than the recipe's", whole)
    .option("--tensorboard", "also log to TensorBoard event files in the run's folder")
    .option("--mlflow <address>", "also log to the MLflow server at this address, such as http://localhost:5000")
    .option("--json", "print the run's summary as JSON, as the last line of standard output")
    .action(async (spec: string, options) => void (await (await import("./train.js")).train(spec, options)));

  norm
    .command("build")
    .description("Compile a spec: print a stage, or write a trainer that runs without the compiler.")
    .argument("<spec>", "a file, or `file.norm#recipe`")
    .addOption(new Option("--emit <stage>", "print this stage").choices(["tree", "model", "ir", "step", "kernels", "cost"]))
    .addOption(target("wasm"))
    .option("--out <folder>", "where to write the trainer")
    .option("--web", "write a page that trains in the browser, on the GPU or the CPU, in place of a target's trainer")
    .option("--data <folder>", "with --web: one more folder in which the recipe's data may lie; may be given several times", several)
    .action(async (spec: string, options) => (await import("./build.js")).build(spec, options));

  norm
    .command("rewrite")
    .description("Rewrite a model into one that computes the same in evaluation: print what is proved and how the spec changes, and rewrite its weights.")
    .argument("<spec>", "a file, or `file.norm#recipe`")
    .addOption(new Option("--to <form>", "what to rewrite to: `pre-rms` takes the means out of layer norms").choices(["pre-rms"]).makeOptionMandatory())
    .option("--weights <file>", "weights of the spec, as `norm train` writes them")
    .option("--out <file>", "where the weights of the new form go")
    .action(async (spec: string, options) => (await import("./rewrite.js")).rewrite(spec, options));

  norm
    .command("format")
    .description("Write specs in the canonical format; without files, standard input to standard output.")
    .argument("[paths...]", "files and folders; of a Markdown file that is named, the fenced `norm` blocks")
    .option("--check", "change nothing, and fail when a file is not formatted", false)
    .action(async (paths: string[], options) => (await import("./format.js")).formatFiles(paths, options));

  norm
    .command("explain")
    .description("Show what a spec resolves to, or the documentation and the text of a definition.")
    .argument("<name>", "a file, `file.norm#definition`, `std.norms.layer` or `std.norms`")
    .option("--at <line:column>", "what stands at this place of the file")
    .option("--svg <file>", "write a picture of the architecture")
    .addOption(format())
    .action(async (name: string, options) => (await import("./explain.js")).explain(name, options));

  norm
    .command("diff")
    .description("Compare what specs mean: what differs, where it lands, what it costs, and which weights load.")
    .argument("<specs...>", "two of: files, `file.norm#definition`, `file.norm#definition(dim: 96)`; one with --git; more with --matrix")
    .option("--git <revision>", "compare this revision with the working copy, or two of them: `v1..v2`")
    .option("--matrix", "compare a base with several variants, in one table")
    .addOption(new Option("--format <format>", "how to show it").choices(["text", "md", "json", "html"]).default("text"))
    .option("--ir", "also show which operations differ, part by part")
    .option("--kernels", "also count kernels, and show which differ")
    .option("--exit-code", "exit with 0 without differences, 1 after an error, 2 with differences")
    .option("--expect-one-variable", "fail unless exactly one thing differs")
    .option("--weights <file>", "weights of the first spec, as `norm train` writes them")
    .option("--out <file>", "with --weights: where the weights of the second spec go")
    .action(async (specs: string[], options) => (await import("./diff.js")).diffCommand(specs, options));

  norm
    .command("git-diff")
    .description("Compare two versions of a spec for git: set it as `diff.norm.command`.")
    .argument("<arguments...>", "what git gives to an external diff command")
    .action(async (given: string[]) => (await import("./git-diff.js")).gitDiff(given));

  norm
    .command("ablate")
    .description("Train every cell of an ablation, and report what came out. Cells that are finished are not trained again.")
    .argument("<spec>", "a file, or `file.norm#ablation` where it holds several")
    .option("--dry-run", "train nothing: list the cells with their costs and the time that they will take, and write their specs", false)
    .option("--jobs <number>", "how many cells to train side by side (default: 1)", whole)
    .option("--out <folder>", "the ablation's folder (default: ablations/<name>)")
    .option("--data <folder>", "one more folder in which the recipes' data may lie; may be given several times", several)
    .addOption(target("webgpu where there is a GPU, else wasm"))
    .option("--mlflow <address>", "also log to the MLflow server at this address, such as http://localhost:5000")
    .addOption(new Option("--on <system>", "where the cells are trained: on this machine, or as a job array of a cluster").choices(["here", "slurm"]).default("here"))
    .action(async (spec: string, options) => (await import("./ablate.js")).ablate(spec, options));

  norm
    .command("cell", { hidden: true })
    .description("Train one cell of an ablation, as `norm ablate` has prepared it.")
    .argument("<folder>", "the cell's folder")
    .action(async (folder: string) => (await import("./cell.js")).trainCell(folder));

  norm
    .command("report")
    .description("Print what an ablation came out as, of however many cells are finished.")
    .argument("<folder>", "the ablation's folder")
    .addOption(new Option("--format <format>", "how to print it").choices(["text", "md", "csv", "json", "html"]).default("text"))
    .action(async (folder: string, options) => (await import("./report-ablation.js")).report(folder, options));

  norm
    .command("lsp")
    .description("Serve editors: the language server, over standard input and output.")
    .addOption(new Option("--stdio", "what some editors add; there is no other way").hideHelp())
    .action(async () => (await import("./lsp.js")).serve());
  return norm;
}

/** Runs the command and gives its exit code: 0 done, 1 problems found, 2 wrong use, 130 stopped by a person. */
async function main(): Promise<number> {
  try {
    await program().parseAsync();
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof ProblemsFound) return 1;
    if (error instanceof DifferencesFound) return 2;
    if (error instanceof Interrupted) return interruptedExitCode;
    if (error instanceof UsageError) {
      process.stderr.write(`norm: ${error.message}\n`);
      return 2;
    }
    if (error instanceof RunError || error instanceof DataError) {
      process.stderr.write(`norm: ${error.message}\n`);
      return 1;
    }
    process.stderr.write(`norm ${version}: internal error; please report it\n${error instanceof Error ? error.stack : String(error)}\n`);
    return 1;
  }
}

// A reader that has seen enough, such as `head`, is no fault of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});
process.exitCode = await main();
