// The thread of web-server.mjs.
import { parentPort, workerData } from 'node:worker_threads';
import { open } from '@vscode/test-web';

// A page that closes breaks off what it was loading. The server logs that as an error, with a stack: nobody can use it.
const BROKEN_OFF = /ERR_STREAM_PREMATURE_CLOSE|ECONNRESET|EPIPE/;
const { error } = console;
console.error = (...words) => {
	if (!BROKEN_OFF.test(words.join(' '))) error(...words);
};

await open(workerData);
parentPort.postMessage('listening');
