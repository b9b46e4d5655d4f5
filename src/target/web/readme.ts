/** The README of a page. */

import { formatBytes } from "../../runtime/format.js";
import type { Manifest } from "../../runtime/trainer.js";
import { loadedBytes, type StoredData } from "../../runtime/web/stored.js";

export function readme({ name, spec, data: source }: Manifest, data: StoredData): string {
  return `# ${name}

A page that trains the model of \`${spec}\` in the browser, on the GPU or the CPU; compiled by Norm.

These files are all of it: publish the folder with any web server, at any path. To try it here:

\`\`\`sh
npx serve
\`\`\`

## Where it computes

The page takes the GPU through WebGPU, which browsers give to pages that come by https, or from localhost. Where there is none, it
takes the CPU, through WebAssembly, and says why. \`?device=webgpu\` or \`?device=wasm\` at the end of its address asks for one of
the two; \`?device=webgpu\` takes a GPU in software as well, which is the slowest.

On the CPU it computes on one thread; or on as many as the computer runs at a time, at most 16, if the page comes by https or from
localhost, and the server sends these headers with each file:

\`\`\`text
Cross-Origin-Opener-Policy: same-origin
Cross-Origin-Embedder-Policy: require-corp
\`\`\`

Without them browsers let no threads share memory. \`npx serve\` sends them if the folder holds this \`serve.json\`; other servers
have settings of their own, and some hosts none:

\`\`\`json
{
  "headers": [
    {
      "source": "**",
      "headers": [
        { "key": "Cross-Origin-Opener-Policy", "value": "same-origin" },
        { "key": "Cross-Origin-Embedder-Policy", "value": "require-corp" }
      ]
    }
  ]
}
\`\`\`

## Files

- \`data/\` holds the examples that \`${source.loader}\` gave when the page was built (${formatBytes(loadedBytes(data))}): whoever opens the page loads them.
- \`plan.json\` holds the kernels for the GPU, in WGSL, and the order in which they run, for what every WebGPU device can do.
- \`wasm/\` holds the kernels for the CPU, without and with relaxed SIMD, and their plan. The page loads what it runs.
- \`manifest.json\` lists parameters, states, inputs and the recipe.
- \`runtime/\` and \`random/\` are the page's scripts, \`uplot/\` draws its curve (MIT licence).
`;
}
