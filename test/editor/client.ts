/** A client of the language server as an editor has one: the command in a process of its own, and the protocol's own library. */

import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll } from "vitest";
import {
  type CodeAction, type CompletionItem, type Diagnostic, type DocumentSymbol, type FoldingRange, type Hover, type InitializeResult, type InlayHint, type Location,
  type Position, type ProtocolConnection, type Range, type TextEdit, type WorkspaceEdit, CodeActionRequest, CompletionRequest, DefinitionRequest,
  DidChangeTextDocumentNotification, DidCloseTextDocumentNotification, DidOpenTextDocumentNotification, DocumentFormattingRequest, DocumentSymbolRequest,
  ExitNotification, FoldingRangeRequest, HoverRequest, InitializeRequest, InitializedNotification, InlayHintRequest, LogMessageNotification,
  PrepareRenameRequest, PublishDiagnosticsNotification, ReferencesRequest, RenameRequest, ShutdownRequest, StreamMessageReader, StreamMessageWriter,
  createProtocolConnection,
} from "vscode-languageserver-protocol/node";
import { TextDocument } from "vscode-languageserver-textdocument";

const command = fileURLToPath(new URL("../../bin/norm.js", import.meta.url));

/** A text with `|` where the cursor is. */
export function marked(text: string): { readonly text: string; readonly offset: number } {
  const offset = text.indexOf("|");
  if (offset < 0) throw new Error("the text has no cursor");
  return { text: text.slice(0, offset) + text.slice(offset + 1), offset };
}

/** A text after changes. */
export function edited(text: string, edits: readonly TextEdit[]): string {
  return TextDocument.applyEdits(TextDocument.create("file:///text", "norm", 0, text), [...edits]);
}

/** What the text has in a range. */
export function textIn(text: string, range: Range): string {
  return TextDocument.create("file:///text", "norm", 0, text).getText(range);
}

const servers: Server[] = [];
afterAll(async () => void (await Promise.all(servers.map((server) => server.stop()))));

/** Starts a server for a folder. */
export async function serve(folder?: string): Promise<Server> {
  const server = new Server(folder);
  servers.push(server);
  await server.initialize(folder);
  return server;
}

export class Server {
  private readonly child: ChildProcess;
  readonly connection: ProtocolConnection;
  initialized: InitializeResult | undefined;
  /** Faults that the server told to its log. */
  readonly faults: string[] = [];
  private readonly texts = new Map<string, TextDocument>();
  private readonly diagnostics = new Map<string, { diagnostics: Diagnostic[]; version: number | undefined; count: number }>();
  private readonly listeners = new Set<() => void>();

  constructor(folder: string | undefined) {
    this.child = spawn(process.execPath, [command, "lsp"], { cwd: folder, stdio: ["pipe", "pipe", "inherit"] });
    this.connection = createProtocolConnection(new StreamMessageReader(this.child.stdout!), new StreamMessageWriter(this.child.stdin!));
    this.connection.onNotification(PublishDiagnosticsNotification.type, ({ uri, diagnostics, version }) => {
      this.diagnostics.set(uri, { diagnostics, version, count: (this.diagnostics.get(uri)?.count ?? 0) + 1 });
      this.listeners.forEach((tell) => tell());
    });
    this.connection.onNotification(LogMessageNotification.type, ({ type, message }) => void (type === 1 && this.faults.push(message)));
    this.connection.listen();
  }

  get isRunning(): boolean {
    return this.child.exitCode === null;
  }

  async initialize(folder: string | undefined): Promise<void> {
    const workspaceFolders = folder === undefined ? null : [{ uri: pathToFileURL(folder).href, name: "test" }];
    this.initialized = await this.connection.sendRequest(InitializeRequest.type, { processId: process.pid, rootUri: null, capabilities: {}, workspaceFolders });
    await this.connection.sendNotification(InitializedNotification.type, {});
  }

  async stop(): Promise<void> {
    if (!this.isRunning) return;
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    await this.connection.sendRequest(ShutdownRequest.type);
    await this.connection.sendNotification(ExitNotification.type);
    await ended;
    this.connection.dispose();
  }

  async open(uri: string, text: string): Promise<void> {
    this.texts.set(uri, TextDocument.create(uri, "norm", 1, text));
    await this.connection.sendNotification(DidOpenTextDocumentNotification.type, { textDocument: { uri, languageId: "norm", version: 1, text } });
  }

  async close(uri: string): Promise<void> {
    this.texts.delete(uri);
    await this.connection.sendNotification(DidCloseTextDocumentNotification.type, { textDocument: { uri } });
  }

  text(uri: string): string {
    return this.texts.get(uri)!.getText();
  }

  /** Replaces a part of the text, as typing does. */
  async change(uri: string, start: number, end: number, text: string): Promise<void> {
    const before = this.texts.get(uri)!;
    const change = { range: { start: before.positionAt(start), end: before.positionAt(end) }, text };
    const after = TextDocument.update(before, [change], before.version + 1);
    this.texts.set(uri, after);
    await this.connection.sendNotification(DidChangeTextDocumentNotification.type, { textDocument: { uri, version: after.version }, contentChanges: [change] });
  }

  /** Puts another text in the place of the whole. */
  replace(uri: string, text: string): Promise<void> {
    return this.change(uri, 0, this.text(uri).length, text);
  }

  position(uri: string, offset: number): Position {
    return this.texts.get(uri)!.positionAt(offset);
  }

  /** The mistakes that were told of a file so far. */
  known(uri: string): readonly Diagnostic[] {
    return this.diagnostics.get(uri)?.diagnostics ?? [];
  }

  /** Waits until what is told of a file is as it should be. */
  async until(uri: string, isRight: (diagnostics: readonly Diagnostic[]) => boolean): Promise<readonly Diagnostic[]> {
    const version = this.texts.get(uri)?.version;
    const now = () => {
      const told = this.diagnostics.get(uri);
      return told !== undefined && (version === undefined || told.version === version) && isRight(told.diagnostics);
    };
    if (!now()) {
      await new Promise<void>((resolve, reject) => {
        const limit = setTimeout(() => reject(new Error(`still told of ${uri}: ${JSON.stringify(this.diagnostics.get(uri))}`)), 30_000);
        const tell = (): void => {
          if (!now()) return;
          clearTimeout(limit);
          this.listeners.delete(tell);
          resolve();
        };
        this.listeners.add(tell);
      });
    }
    return this.known(uri);
  }

  /** Waits for the compiler: the second time that mistakes are told of the text as it is, after those of the text alone. */
  async compiled(uri: string): Promise<readonly Diagnostic[]> {
    const { version } = this.texts.get(uri)!;
    let seen = 0;
    let last = -1;
    return this.until(uri, () => {
      const told = this.diagnostics.get(uri)!;
      if (told.version === version && told.count !== last) {
        last = told.count;
        seen++;
      }
      return seen >= 2;
    });
  }

  hover(uri: string, offset: number): Promise<Hover | null> {
    return this.connection.sendRequest(HoverRequest.type, { textDocument: { uri }, position: this.position(uri, offset) });
  }

  async hoverText(uri: string, offset: number): Promise<string> {
    const hover = await this.hover(uri, offset);
    return hover === null ? "" : (hover.contents as { value: string }).value;
  }

  async completion(uri: string, offset: number): Promise<CompletionItem[]> {
    return (await this.connection.sendRequest(CompletionRequest.type, { textDocument: { uri }, position: this.position(uri, offset) })) as CompletionItem[];
  }

  async definition(uri: string, offset: number): Promise<Location | null> {
    return (await this.connection.sendRequest(DefinitionRequest.type, { textDocument: { uri }, position: this.position(uri, offset) })) as Location | null;
  }

  async references(uri: string, offset: number, includeDeclaration = true): Promise<Location[]> {
    return (await this.connection.sendRequest(ReferencesRequest.type, { textDocument: { uri }, position: this.position(uri, offset), context: { includeDeclaration } })) ?? [];
  }

  prepareRename(uri: string, offset: number) {
    return this.connection.sendRequest(PrepareRenameRequest.type, { textDocument: { uri }, position: this.position(uri, offset) });
  }

  rename(uri: string, offset: number, newName: string): Promise<WorkspaceEdit | null> {
    return this.connection.sendRequest(RenameRequest.type, { textDocument: { uri }, position: this.position(uri, offset), newName });
  }

  async symbols(uri: string): Promise<DocumentSymbol[]> {
    return (await this.connection.sendRequest(DocumentSymbolRequest.type, { textDocument: { uri } })) as DocumentSymbol[];
  }

  async folding(uri: string): Promise<FoldingRange[]> {
    return (await this.connection.sendRequest(FoldingRangeRequest.type, { textDocument: { uri } })) ?? [];
  }

  async formatting(uri: string): Promise<TextEdit[]> {
    return (await this.connection.sendRequest(DocumentFormattingRequest.type, { textDocument: { uri }, options: { tabSize: 4, insertSpaces: true } })) ?? [];
  }

  async hints(uri: string): Promise<InlayHint[]> {
    const end = this.position(uri, this.text(uri).length);
    return (await this.connection.sendRequest(InlayHintRequest.type, { textDocument: { uri }, range: { start: { line: 0, character: 0 }, end } })) ?? [];
  }

  /** The text with its hints in `«»`, for people. */
  async hinted(uri: string): Promise<string> {
    return edited(this.text(uri), (await this.hints(uri)).map(({ position, label }) => ({ range: { start: position, end: position }, newText: `«${label as string}»` })));
  }

  async actions(uri: string, diagnostic: Diagnostic): Promise<CodeAction[]> {
    return ((await this.connection.sendRequest(CodeActionRequest.type, { textDocument: { uri }, range: diagnostic.range, context: { diagnostics: [diagnostic] } })) ?? []) as CodeAction[];
  }
}
