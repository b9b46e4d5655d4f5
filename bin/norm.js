#!/usr/bin/env node
import v8 from "node:v8";

// The compiler runs once over much code, which V8 of Node 20 optimises sooner than it pays: that would take a third of its time.
if (process.versions.v8.startsWith("11.")) v8.setFlagsFromString("--interrupt-budget=1000000");
await import("../dist/cli/main.js");
