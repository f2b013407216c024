/**
 * The language server in a web worker: for VS Code in a browser. The same file is the worker that searches; in the package the
 * server of the desktop takes from it what they have in common (scripts/shared-server.mjs), and nothing starts then.
 */
import { BrowserMessageReader, BrowserMessageWriter, createConnection } from 'vscode-languageserver/browser';
import { checkSketch } from '../findings/check.js';
import { type Port, RemoteCheck, serveChecks } from './remote-check.js';
import { startServer } from './server.js';
import { services } from './services.js';

/** The name of a worker that was started to search. */
const CHECKS = 'notifier-lab checks';
/** What it says as soon as it listens. */
const READY = 'ready';

// The scope of a worker posts and receives messages as the page's handle on the worker does.
const scope = globalThis as unknown as Worker & { readonly name: string; readonly location: { readonly href: string } };

function portOf(worker: Worker): Port {
	return {
		post: (message) => worker.postMessage(message),
		listen: (handler) => worker.addEventListener('message', ({ data }) => handler(data)),
	};
}

/** Checks in a worker of their own, as soon as there is one: not every host lets a worker start another. */
function checksElsewhere(): typeof checkSketch {
	let remote: RemoteCheck | undefined;
	try {
		const worker = new Worker(scope.location.href, { name: CHECKS });
		const lost = () => {
			remote?.lost(new Error('the worker of the checks has ended'));
			remote = undefined;
		};
		worker.addEventListener('error', lost);
		worker.addEventListener('message', function ready({ data }) {
			if (data !== READY) return;
			worker.removeEventListener('message', ready);
			remote = new RemoteCheck(portOf(worker));
		});
	} catch {
		// Refused: the checks share this thread, and take turns with requests.
	}
	return (uri, sources, options) =>
		(options?.onExplored || !remote ? checkSketch : remote.check)(uri, sources, options);
}

const isWorker = 'importScripts' in globalThis;

if (isWorker && scope.name === CHECKS) {
	serveChecks(portOf(scope), checkSketch);
	scope.postMessage(READY);
} else if (isWorker) {
	startServer(createConnection(new BrowserMessageReader(scope), new BrowserMessageWriter(scope)), {
		...services,
		check: checksElsewhere(),
	});
}
