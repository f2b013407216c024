import { isCheckThread, serveCheckThread, startProcessServer } from './node.js';

if (isCheckThread) serveCheckThread();
else startProcessServer();
