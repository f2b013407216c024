/** The language server in a web worker: for VS Code in a browser. */
import { BrowserMessageReader, BrowserMessageWriter, createConnection } from 'vscode-languageserver/browser';
import { startServer } from './server.js';
import { services } from './services.js';

// The scope of a worker posts and receives messages as the page's handle on the worker does.
const scope = globalThis as unknown as Worker;
startServer(createConnection(new BrowserMessageReader(scope), new BrowserMessageWriter(scope)), services);
