/** The thread that serves an editor: messages come and go through the main thread, which has the standard streams. */

import { parentPort } from "node:worker_threads";
import { PortMessageReader, PortMessageWriter, ProposedFeatures, createConnection } from "vscode-languageserver/node";
import { start } from "./server.js";

if (parentPort !== null) start(createConnection(ProposedFeatures.all, new PortMessageReader(parentPort), new PortMessageWriter(parentPort)));
