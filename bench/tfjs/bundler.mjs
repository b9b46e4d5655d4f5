// A hook of Node's module loader that reads TensorFlow.js as bundlers do: its ES modules, whose imports leave out the ending.
// The package's builds for Node.js do not have the gradients.

const libraries = /^@tensorflow\/tfjs-(core|backend-(webgpu|wasm))$/;

export async function resolve(specifier, context, next) {
  if (libraries.test(specifier)) return module(await next(`${specifier}/dist/index.js`, context));
  const fromLibrary = context.parentURL?.includes("/node_modules/@tensorflow/") && specifier.startsWith(".");
  if (!fromLibrary && !specifier.startsWith("@tensorflow/")) return next(specifier, context);
  for (const ending of ["", ".js", "/index.js"]) {
    try {
      return module(await next(specifier + ending, context));
    } catch (error) {
      if (!["ERR_MODULE_NOT_FOUND", "ERR_UNSUPPORTED_DIR_IMPORT"].includes(error.code)) throw error;
    }
  }
  return next(specifier, context);
}

/** All are ES modules but the loaders of the WebAssembly backend's kernels. */
function module(resolved) {
  return { ...resolved, format: resolved.url.includes("/wasm-out/") ? "commonjs" : "module" };
}
