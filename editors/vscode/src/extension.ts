/** The extension: starts `norm lsp` for the folder that is open, and connects the editor to it. */

import { type ExtensionContext, commands, window, workspace } from "vscode";
import { type Executable, type ServerOptions, LanguageClient } from "vscode-languageclient/node";
import { findCommand } from "./command.js";

let client: LanguageClient | undefined;

export async function activate(context: ExtensionContext): Promise<void> {
  context.subscriptions.push(
    commands.registerCommand("norm.restart", restart),
    workspace.onDidChangeConfiguration((event) => void (event.affectsConfiguration("norm.path") && restart())),
    workspace.onDidGrantWorkspaceTrust(restart),
  );
  await restart();
}

export async function deactivate(): Promise<void> {
  await client?.stop();
  client = undefined;
}

async function restart(): Promise<void> {
  await deactivate();
  const configured = workspace.getConfiguration("norm").get<string>("path", "");
  const folders = workspace.isTrusted ? (workspace.workspaceFolders ?? []).map(({ uri }) => uri.fsPath) : [];
  const command = findCommand({ folders, configured, path: process.env["PATH"] ?? "", isWindows: process.platform === "win32" });
  if (command === undefined) {
    const where = configured === "" ? "node_modules of this folder, the setting `norm.path` and the path were looked through" : `the setting \`norm.path\` names ${configured}, where there is none`;
    void window.showErrorMessage(`The command \`norm\` was not found: ${where}. Install it with \`npm install normlang\`, or set \`norm.path\`.`);
    return;
  }
  const { program, args, isModule } = command;
  // The editor's own Node.js serves a script, so that none else has to be installed.
  const executable: Executable = isModule
    ? { command: process.execPath, args: [program, ...args], options: { env: { ...process.env, ELECTRON_RUN_AS_NODE: "1" } } }
    : { command: program, args: [...args], options: { shell: program.endsWith(".cmd") } };
  const server: ServerOptions = executable;
  client = new LanguageClient("norm", "Norm", server, { documentSelector: [{ language: "norm" }] });
  try {
    await client.start();
  } catch (error) {
    void window.showErrorMessage(`\`${program} lsp\` could not be started: ${error instanceof Error ? error.message : String(error)}`);
  }
}
