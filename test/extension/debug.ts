/** Debugging a run with VS Code's own controls: tests inside a VS Code. */
import * as vscode from 'vscode';
import { equal, eventually, ok } from './check.js';

const SEED = 'seed-wait-valid.mmn';

function seed(): vscode.Uri {
	const folder = vscode.workspace.workspaceFolders?.[0];
	ok(folder, 'a folder is open');
	return vscode.Uri.joinPath(folder.uri, SEED);
}

interface Frame {
	readonly name: string;
	readonly line: number;
}

/** The innermost frame of the thread that VS Code looks at, as `function:line`. */
async function top(session: vscode.DebugSession, threadId = 1): Promise<string> {
	const { stackFrames } = await session.customRequest('stackTrace', { threadId });
	const [frame] = stackFrames as Frame[];
	return frame === undefined ? '' : `${frame.name}:${frame.line}`;
}

/** Where VS Code shows that the session has stopped. */
const shownAt = (): string | undefined => {
	const item = vscode.debug.activeStackItem;
	return item instanceof vscode.DebugStackFrame ? `${item.threadId} ${item.frameId}` : undefined;
};

suite('Debugging', () => {
	teardown(async () => {
		if (vscode.debug.activeDebugSession) await vscode.debug.stopDebugging();
		vscode.debug.removeBreakpoints(vscode.debug.breakpoints);
		await vscode.commands.executeCommand('workbench.action.closeAllEditors');
	});

	test('a scenario is stepped through, forward and back, from breakpoint to deadlock', async () => {
		const uri = seed();
		const { document } = await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri));
		const line = document.positionAt(document.getText().indexOf('goto again;')).line;
		vscode.debug.addBreakpoints([new vscode.SourceBreakpoint(new vscode.Location(uri, new vscode.Position(line, 0)))]);
		ok(await vscode.commands.executeCommand('notifierLab.debugScenario', { uri: uri.toString() }), 'it starts');
		const session = vscode.debug.activeDebugSession;
		ok(session, 'a session');
		equal(session.type, 'notifier-lab', 'type');
		await eventually('it stops at the start', shownAt);
		equal(await top(session), 'device_fault:33', 'where A begins');
		await vscode.commands.executeCommand('workbench.action.debug.continue');
		const goto = `device_fault:${line + 1}`;
		await reach(session, goto);
		await vscode.commands.executeCommand('workbench.action.debug.continue');
		await eventually('it stops at the end', shownAt);
		await reach(session, 'device_fault:33');
		const { exceptionId } = await session.customRequest('exceptionInfo', { threadId: 1 });
		equal(exceptionId, 'deadlock', 'what it ends with');
		await vscode.commands.executeCommand('workbench.action.debug.reverseContinue');
		await reach(session, goto);
		await vscode.commands.executeCommand('workbench.action.debug.stepBack');
		await reach(session, 'device_fault:35');
	});

	test('what is wrong with a configuration is said', async () => {
		const configuration = { type: 'notifier-lab', request: 'launch', name: 'none', program: seed().toString() };
		const answers: { success: boolean; message?: string; body?: { error?: { variables?: { message?: string } } } }[] =
			[];
		const tracker = vscode.debug.registerDebugAdapterTrackerFactory('notifier-lab', {
			createDebugAdapterTracker: () => ({
				onDidSendMessage: (message) => {
					if (message.type === 'response' && message.command === 'launch') answers.push(message);
				},
			}),
		});
		try {
			await vscode.debug.startDebugging(undefined, { ...configuration, scenario: 'no_such' }).then(undefined, () => {});
			const answer = await eventually('the launch is answered', () => answers[0]);
			equal(answer.success, false, 'it does not start');
			const said = answer.body?.error?.variables?.message ?? answer.message ?? '';
			ok(/^there is no scenario no_such; there are \w+/.test(said), `it says: ${said}`);
		} finally {
			tracker.dispose();
		}
	});
});

async function reach(session: vscode.DebugSession, place: string): Promise<void> {
	let last = '';
	for (let tries = 0; tries < 200; tries++) {
		last = await top(session);
		if (last === place) return;
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
	throw new Error(`${place} is not reached: it is at ${last}`);
}
