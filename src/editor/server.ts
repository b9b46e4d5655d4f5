/** The language server: the features of this folder, bound to a connection with an editor. */

import {
  type Connection, type InitializeParams, type InitializeResult, type Position, CodeActionKind, DidChangeWatchedFilesNotification, ErrorCodes, ResponseError,
  TextDocumentSyncKind, TextDocuments,
} from "vscode-languageserver";
import { TextDocument } from "vscode-languageserver-textdocument";
import { Analyst } from "./analyst.js";
import { codeActions } from "./code-actions.js";
import { completions } from "./completion.js";
import { definitionAt } from "./definition.js";
import { formattingOf } from "./formatting.js";
import { hoverAt } from "./hover.js";
import { inlayHints } from "./inlay-hints.js";
import { pathOf } from "./files.js";
import { Publisher } from "./publisher.js";
import { locationsOf, referencesTo } from "./references.js";
import { RenameError, rename, renamedAt } from "./rename.js";
import { documentSymbols, foldingRanges } from "./symbols.js";
import { type View, Workspace } from "./workspace.js";

/** A pause in typing after which mistakes of the text are told, in milliseconds. */
const pause = 120;
/** The further pause after which the compiler starts: while one types, it would only take time from the answers. */
const compilePause = 150;
/** The same for documents that use the one that is typed in. */
const longPause = 500;

export const capabilities = {
  textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental },
  hoverProvider: true,
  completionProvider: { triggerCharacters: [".", ":"] },
  definitionProvider: true,
  referencesProvider: true,
  renameProvider: { prepareProvider: true },
  documentSymbolProvider: true,
  foldingRangeProvider: true,
  documentFormattingProvider: true,
  inlayHintProvider: true,
  codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix] },
} as const satisfies InitializeResult["capabilities"];

/** Serves one editor until its connection ends. */
export function start(connection: Connection): void {
  const documents = new TextDocuments(TextDocument);
  const workspace = new Workspace();
  const publisher = new Publisher(connection, workspace);
  let folders: readonly string[] = [];
  let canRefreshHints = false;
  let canWatch = false;
  const timers = new Map<string, NodeJS.Timeout>();

  const analyst = new Analyst(({ uri, job }, result) => {
    if ("error" in result) {
      connection.console.error(`compiling ${uri}: ${result.error}`);
      return;
    }
    const document = documents.get(uri);
    if (document === undefined) return;
    workspace.learn(uri, job.text, result.analysis);
    // Of an older text only what is known of shapes is of use; its mistakes are not told.
    if (document.getText() === job.text) publisher.publish(workspace.view(uri)!, true);
    if (canRefreshHints) void connection.languages.inlayHint.refresh().catch(() => undefined);
  });

  const check = (uri: string): void => {
    timers.set(uri, setTimeout(() => compile(uri), compilePause));
    guarded("checking", undefined, () => {
      const view = workspace.view(uri);
      if (view !== undefined) publisher.publish(view, false);
    });
  };
  const compile = (uri: string): void => {
    timers.delete(uri);
    const job = guarded("checking", undefined, () => workspace.job(uri));
    if (job !== undefined) analyst.request({ uri, job });
  };
  const checkSoon = (uri: string, after = pause): void => {
    clearTimeout(timers.get(uri));
    timers.set(uri, setTimeout(() => check(uri), after));
  };
  /** A text that is open may be a part of others, whose mistakes can wait until it is written. */
  const checkUsers = (uri: string): void => workspace.usersOf(uri).forEach((other) => checkSoon(other, longPause));
  /** A fault of one feature is told to the log, and the server goes on. */
  const guarded = <T>(what: string, instead: T, action: () => T): T => {
    try {
      return action();
    } catch (error) {
      if (error instanceof RenameError) throw new ResponseError(ErrorCodes.InvalidRequest, error.message);
      connection.console.error(`${what}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      return instead;
    }
  };
  /** Answers a request about a document that is open. */
  const about = <T>(what: string, uri: string, instead: T, answer: (view: View) => T): T =>
    guarded(what, instead, () => {
      const view = workspace.view(uri);
      return view === undefined ? instead : answer(view);
    });
  const offsetIn = (uri: string, position: Position) => documents.get(uri)!.offsetAt(position);

  connection.onInitialize(({ workspaceFolders, rootUri, capabilities: client }: InitializeParams): InitializeResult => {
    const uris = workspaceFolders?.map(({ uri }) => uri) ?? (rootUri === null || rootUri === undefined ? [] : [rootUri]);
    folders = uris.flatMap((uri) => pathOf(uri) ?? []);
    canRefreshHints = client.workspace?.inlayHint?.refreshSupport === true;
    canWatch = client.workspace?.didChangeWatchedFiles?.dynamicRegistration === true;
    return { capabilities, serverInfo: { name: "norm" } };
  });
  connection.onInitialized(() => {
    if (canWatch) void connection.client.register(DidChangeWatchedFilesNotification.type, { watchers: [{ globPattern: "**/*.norm" }] });
  });
  connection.onDidChangeWatchedFiles(() => {
    workspace.filesChanged();
    workspace.uris.forEach((uri) => checkSoon(uri));
  });

  documents.onDidChangeContent(({ document }) => {
    workspace.set(document);
    checkSoon(document.uri);
    checkUsers(document.uri);
  });
  documents.onDidClose(({ document: { uri } }) => {
    clearTimeout(timers.get(uri));
    timers.delete(uri);
    checkUsers(uri);
    workspace.delete(uri);
    analyst.forget(uri);
    publisher.forget(uri);
  });

  connection.onHover(({ textDocument: { uri }, position }) => about("hover", uri, null, (view) => hoverAt(view, offsetIn(uri, position)) ?? null));
  connection.onCompletion(({ textDocument: { uri }, position }) => about("completion", uri, [], (view) => completions(view.spec, offsetIn(uri, position))));
  connection.onDefinition(({ textDocument: { uri }, position }) => about("definition", uri, null, (view) => definitionAt(workspace, view, offsetIn(uri, position)) ?? null));
  connection.onReferences(({ textDocument: { uri }, position, context }) =>
    about("references", uri, [], (view) => {
      const found = view.spec.occurrenceAt(offsetIn(uri, position));
      return found === undefined ? [] : locationsOf(referencesTo(workspace, view, found.target, folders), context.includeDeclaration);
    }),
  );
  connection.onPrepareRename(({ textDocument: { uri }, position }) => about("rename", uri, null, (view) => renamedAt(view, offsetIn(uri, position))));
  connection.onRenameRequest(({ textDocument: { uri }, position, newName }) => about("rename", uri, null, (view) => rename(workspace, view, offsetIn(uri, position), newName, folders)));
  connection.onDocumentSymbol(({ textDocument: { uri } }) => about("symbols", uri, [], ({ spec }) => documentSymbols(spec)));
  connection.onFoldingRanges(({ textDocument: { uri } }) => about("folding", uri, [], ({ spec }) => foldingRanges(spec)));
  connection.onDocumentFormatting(({ textDocument: { uri } }) =>
    about("formatting", uri, Promise.resolve([]), ({ spec }) =>
      formattingOf(spec).catch((error: Error) => {
        connection.console.error(`formatting: ${error.stack ?? error.message}`);
        return [];
      }),
    ),
  );
  connection.languages.inlayHint.on(({ textDocument: { uri }, range }) => about("inlay hints", uri, [], (view) => inlayHints(view, range)));
  connection.onCodeAction(({ textDocument: { uri }, range, context }) => about("code actions", uri, [], (view) => codeActions(workspace, view, publisher.mistakesOf(view), range, context.diagnostics)));

  documents.listen(connection);
  connection.listen();
}
