import { isServerThread, serveThread, startProcessServer } from './node.js';

if (isServerThread) serveThread();
else startProcessServer();
