// The thread of web-server.mjs.
import { parentPort, workerData } from 'node:worker_threads';
import { open } from '@vscode/test-web';

await open(workerData);
parentPort.postMessage('listening');
