/** A client of the debugger over streams, as an editor is one. */
import { EventEmitter, once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type { DebugProtocol } from '@vscode/debugprotocol';

export class DebugClient {
	readonly events: DebugProtocol.Event[] = [];
	private readonly heard = new EventEmitter();
	private readonly answers = new Map<number, (response: DebugProtocol.Response) => void>();
	private sequence = 0;
	private rest = Buffer.alloc(0);

	constructor(
		from: Readable,
		private readonly to: Writable,
	) {
		from.on('data', (chunk: Buffer) => {
			this.rest = Buffer.concat([this.rest, chunk]);
			for (let message = this.take(); message !== undefined; message = this.take()) this.hear(message);
		});
	}

	/** The body of the answer. Rejects with the message of a refusal. */
	async ask<T = Record<string, unknown>>(command: string, args: object = {}): Promise<T> {
		const seq = ++this.sequence;
		const answer = new Promise<DebugProtocol.Response>((resolve) => this.answers.set(seq, resolve));
		const text = JSON.stringify({ seq, type: 'request', command, arguments: args });
		this.to.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
		const { success, body } = await answer;
		if (!success) throw new Error(body.error.variables.message);
		return body;
	}

	/** The next event of a kind that nobody has asked for yet. */
	async event<T = Record<string, unknown>>(kind: string): Promise<T> {
		for (;;) {
			const at = this.events.findIndex(({ event }) => event === kind);
			const [found] = at < 0 ? [] : this.events.splice(at, 1);
			if (found !== undefined) return found.body as T;
			await once(this.heard, 'event');
		}
	}

	/** Launches and goes to the first stop. */
	async launch(launch: object, breakpoints: readonly DebugProtocol.SetBreakpointsArguments[] = []) {
		await this.ask('initialize', { adapterID: 'notifier-lab', pathFormat: 'path' });
		const launched = this.ask('launch', launch);
		// a launch that is refused has no `initialized`
		await Promise.race([this.event('initialized'), launched]);
		const set = [];
		for (const one of breakpoints)
			set.push(await this.ask<DebugProtocol.SetBreakpointsResponse['body']>('setBreakpoints', one));
		await this.ask('configurationDone');
		await launched;
		return { set, stop: await this.stop() };
	}

	stop(): Promise<DebugProtocol.StoppedEvent['body']> {
		return this.event('stopped');
	}

	/** A request that moves, and the stop that follows. */
	async go(command: string, args: object = {}): Promise<DebugProtocol.StoppedEvent['body']> {
		await this.ask(command, { threadId: 1, ...args });
		return this.stop();
	}

	/** The calls of a thread, innermost first: `device_fault:34`. */
	async stack(threadId: number): Promise<string[]> {
		const { stackFrames } = await this.ask<DebugProtocol.StackTraceResponse['body']>('stackTrace', { threadId });
		return stackFrames.map(({ name, line }) => `${name}:${line}`);
	}

	/** What the thread's innermost frame sees, as `scope/name`: value. */
	async values(threadId: number): Promise<Record<string, string>> {
		const { stackFrames } = await this.ask<DebugProtocol.StackTraceResponse['body']>('stackTrace', { threadId });
		const { scopes } = await this.ask<DebugProtocol.ScopesResponse['body']>('scopes', { frameId: stackFrames[0]?.id });
		const found: Record<string, string> = {};
		for (const { name: scope, variablesReference } of scopes) {
			const { variables } = await this.ask<DebugProtocol.VariablesResponse['body']>('variables', {
				variablesReference,
			});
			for (const { name, value } of variables) found[`${scope}/${name}`] = value;
		}
		return found;
	}

	/** What the debug console has been told since it was last asked. */
	console(): string {
		const told = this.events.filter(({ event }) => event === 'output').map(({ body }) => body.output);
		this.events.splice(0, this.events.length, ...this.events.filter(({ event }) => event !== 'output'));
		return told.join('');
	}

	private take(): DebugProtocol.ProtocolMessage | undefined {
		const head = this.rest.indexOf('\r\n\r\n');
		const length = Number(/Content-Length: (\d+)/.exec(this.rest.subarray(0, Math.max(0, head)).toString())?.[1]);
		if (head < 0 || this.rest.length < head + 4 + length) return undefined;
		const message = JSON.parse(this.rest.subarray(head + 4, head + 4 + length).toString());
		this.rest = this.rest.subarray(head + 4 + length);
		return message;
	}

	private hear(message: DebugProtocol.ProtocolMessage): void {
		if (message.type === 'response') {
			const response = message as DebugProtocol.Response;
			this.answers.get(response.request_seq)?.(response);
			return;
		}
		this.events.push(message as DebugProtocol.Event);
		this.heard.emit('event');
	}
}
