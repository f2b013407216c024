/**
 * A run in a debugger: the Debug Adapter Protocol over the steps that a search has found. Nothing is executed: each stop is
 * a state of the run, so that going back is as good as going on. Free of VS Code and of Node.
 */
import {
	Breakpoint,
	DebugSession,
	type Event,
	InitializedEvent,
	OutputEvent,
	Scope,
	Source,
	StackFrame,
	Thread,
	Variable,
} from '@vscode/debugadapter';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Alternative, Picture, State } from '../findings/explorer/picture.js';
import { focus, framesOf, goOn, isOnRun, out, over, type Stop } from './position.js';
import type { Launch, Runs, SourceName } from './runs.js';
import { HELP, type Reason, rowsBetween, stepAt, stopped, waysAt, wordsOf } from './told.js';
import { lookUp, type ScopeOf, scopesOf, type Value } from './values.js';
import { WantedStops } from './wanted.js';

const NO_RETURN = 'noReturn';

/** What is said of a request that cannot be served; `id` is the protocol's, nobody looks it up. */
const REFUSED = 1;

/** Rows that are told at most when a run goes on over many of them. */
const MOST_TOLD = 100;

export class RunSession extends DebugSession {
	private picture: Picture | undefined;
	private at = 0;
	/** The last step was into the simulated kernel: its frames are shown. */
	private inside = false;
	private readonly wanted = new WantedStops();
	/** What the references of the present stop stand for. */
	private handles: (readonly Value[])[] = [];
	/** The frames of the present stop. */
	private frames: { readonly lane: number }[] = [];
	/** Sources that the client asks us for, from 1. */
	private readonly sources: string[] = [];
	private ready: () => void = () => {};
	private readonly configured = new Promise<void>((resolve) => {
		this.ready = resolve;
	});

	constructor(private readonly runs: Runs) {
		super();
		this.setDebuggerLinesStartAt1(true);
		this.setDebuggerColumnsStartAt1(true);
	}

	protected override initializeRequest(response: DebugProtocol.InitializeResponse): void {
		response.body = {
			supportsConfigurationDoneRequest: true,
			supportsStepBack: true,
			supportsStepInTargetsRequest: true,
			supportsExceptionInfoRequest: true,
			supportsEvaluateForHovers: true,
			supportsDataBreakpoints: true,
			exceptionBreakpointFilters: [
				{
					filter: NO_RETURN,
					label: 'Line of No Return',
					description: 'Stop in the first state from which every way ends badly.',
				},
			],
		};
		this.sendResponse(response);
	}

	protected override async launchRequest(
		response: DebugProtocol.LaunchResponse,
		launch: DebugProtocol.LaunchRequestArguments & Launch,
	): Promise<void> {
		try {
			this.picture = await this.runs.open(launch);
		} catch (error) {
			this.refuse(response, error);
			return;
		}
		// breakpoints are checked against the run: it had to be there first
		this.sendEvent(new InitializedEvent());
		await this.configured;
		this.sendResponse(response);
		const { scenario, verdict, statesExplored, finding } = this.picture;
		this.tell(`${scenario}: ${verdict}, ${statesExplored} state${statesExplored === 1 ? '' : 's'}\n`);
		if (finding !== null) this.tell(`${finding.code}: ${finding.message}\n`, 'important');
		this.tell('Every stop is a state of this run: step back as you step on. "help" tells what can be asked here.\n');
		if (launch.stopOnEntry === false) this.arrive(goOn(this.picture, -1, false, this.wanted.of(this.picture)), 0);
		else this.stopAt(0, 'entry');
	}

	protected override configurationDoneRequest(response: DebugProtocol.ConfigurationDoneResponse): void {
		this.ready();
		this.sendResponse(response);
	}

	protected override disconnectRequest(
		response: DebugProtocol.DisconnectResponse,
		args: DebugProtocol.DisconnectArguments,
	): void {
		this.runs.close();
		this.ready();
		// ends the process where there is one for us alone
		super.disconnectRequest(response, args);
	}

	protected override setBreakPointsRequest(
		response: DebugProtocol.SetBreakpointsResponse,
		{ source, breakpoints = [] }: DebugProtocol.SetBreakpointsArguments,
	): void {
		const uri = this.uriOf(source);
		const lines = breakpoints.map(({ line }) => ({ uri, line: this.convertClientLineToDebugger(line) }));
		this.wanted.lines.set(uri, lines);
		response.body = {
			breakpoints: lines.map((line) => {
				const there = this.picture === undefined || isOnRun(this.picture, line);
				const found: DebugProtocol.Breakpoint = new Breakpoint(there, this.convertDebuggerLineToClient(line.line));
				if (!there) found.message = 'this run does not come here';
				return found;
			}),
		};
		this.sendResponse(response);
	}

	protected override setExceptionBreakPointsRequest(
		response: DebugProtocol.SetExceptionBreakpointsResponse,
		{ filters }: DebugProtocol.SetExceptionBreakpointsArguments,
	): void {
		this.wanted.noReturn = filters.includes(NO_RETURN);
		this.sendResponse(response);
	}

	protected override dataBreakpointInfoRequest(
		response: DebugProtocol.DataBreakpointInfoResponse,
		{ variablesReference, name, frameId }: DebugProtocol.DataBreakpointInfoArguments,
	): void {
		const lane = this.laneOf(frameId);
		const state = this.state();
		const value =
			variablesReference !== undefined
				? this.handles[variablesReference - 1]?.find((v) => v.name === name)
				: this.picture && state && lookUp(this.picture, state, lane, name);
		response.body = value
			? { dataId: JSON.stringify({ lane, path: value.path }), description: name, accessTypes: ['write'] }
			: { dataId: null, description: `nothing is called ${name} here` };
		this.sendResponse(response);
	}

	protected override setDataBreakpointsRequest(
		response: DebugProtocol.SetDataBreakpointsResponse,
		{ breakpoints }: DebugProtocol.SetDataBreakpointsArguments,
	): void {
		this.wanted.values = breakpoints.map(({ dataId }) => JSON.parse(dataId));
		response.body = { breakpoints: breakpoints.map(() => ({ verified: true })) };
		this.sendResponse(response);
	}

	protected override threadsRequest(response: DebugProtocol.ThreadsResponse): void {
		const lanes = this.picture?.lanes ?? [];
		response.body = { threads: lanes.map(({ name, title }, n) => new Thread(n + 1, `${name}: ${title}`)) };
		this.sendResponse(response);
	}

	protected override stackTraceRequest(
		response: DebugProtocol.StackTraceResponse,
		{ threadId }: DebugProtocol.StackTraceArguments,
	): void {
		const lane = threadId - 1;
		const all = this.picture === undefined ? [] : framesOf(this.picture, this.at, lane);
		// a call into the kernel that is one row is one place: that of the call
		const own = all.findIndex(({ kernel, span }) => !kernel && span !== null);
		const frames = this.inside || own < 0 ? all : all.slice(own);
		const stackFrames = frames.map(({ name, span, kernel }) => {
			const id = this.frames.push({ lane });
			const frame: DebugProtocol.StackFrame =
				span === null
					? new StackFrame(id, name)
					: new StackFrame(
							id,
							name,
							this.source(span.uri),
							this.convertDebuggerLineToClient(span.line),
							this.convertDebuggerColumnToClient(span.column),
						);
			if (span !== null) {
				frame.endLine = this.convertDebuggerLineToClient(span.endLine);
				frame.endColumn = this.convertDebuggerColumnToClient(span.endColumn);
			}
			if (kernel && !this.inside) frame.presentationHint = 'subtle';
			return frame;
		});
		response.body = { stackFrames, totalFrames: stackFrames.length };
		this.sendResponse(response);
	}

	protected override scopesRequest(
		response: DebugProtocol.ScopesResponse,
		{ frameId }: DebugProtocol.ScopesArguments,
	): void {
		response.body = {
			scopes: this.scopes(this.laneOf(frameId)).map(({ name, values, kernel }) => {
				const scope: DebugProtocol.Scope = new Scope(name, this.handle(values), kernel);
				if (name === 'Locals') scope.presentationHint = 'locals';
				return scope;
			}),
		};
		this.sendResponse(response);
	}

	protected override variablesRequest(
		response: DebugProtocol.VariablesResponse,
		{ variablesReference }: DebugProtocol.VariablesArguments,
	): void {
		const values = this.handles[variablesReference - 1] ?? [];
		response.body = {
			variables: values.map(({ name, value, children }) => new Variable(name, value, this.handle(children))),
		};
		this.sendResponse(response);
	}

	protected override async sourceRequest(
		response: DebugProtocol.SourceResponse,
		{ sourceReference }: DebugProtocol.SourceArguments,
	): Promise<void> {
		const uri = this.sources[sourceReference - 1];
		const environment = this.picture?.environment;
		const own = environment?.uri === uri ? environment?.text : undefined;
		const content = uri === undefined ? undefined : (own ?? (await this.runs.text(uri)));
		if (content === undefined) {
			this.refuse(response, new Error('that source is not there any more'));
			return;
		}
		response.body = { content };
		this.sendResponse(response);
	}

	protected override exceptionInfoRequest(response: DebugProtocol.ExceptionInfoResponse): void {
		const finding = this.picture?.finding;
		response.body = {
			exceptionId: finding?.code ?? 'end',
			breakMode: 'always',
			description: finding?.message ?? this.picture?.ending ?? '',
			details: { message: finding?.closing ?? this.picture?.ending ?? '' },
		};
		this.sendResponse(response);
	}

	protected override nextRequest(response: DebugProtocol.NextResponse): void {
		this.sendResponse(response);
		this.move((picture) => over(picture, this.at, false));
	}

	protected override async stepInRequest(
		response: DebugProtocol.StepInResponse,
		{ targetId }: DebugProtocol.StepInArguments,
	): Promise<void> {
		const way = targetId === undefined ? undefined : this.ways()[targetId];
		if (way !== undefined && targetId !== 0) {
			try {
				await this.take(way);
			} catch (error) {
				this.refuse(response, error);
				return;
			}
		}
		this.sendResponse(response);
		this.move((picture) => Math.min(this.at + 1, picture.steps.length), true);
	}

	protected override stepInTargetsRequest(response: DebugProtocol.StepInTargetsResponse): void {
		response.body = {
			targets: this.ways().map((way, id) => ({ id, label: this.wordsOf(way) })),
		};
		this.sendResponse(response);
	}

	protected override stepOutRequest(response: DebugProtocol.StepOutResponse): void {
		this.sendResponse(response);
		this.move((picture) => out(picture, this.at));
	}

	protected override stepBackRequest(
		response: DebugProtocol.StepBackResponse,
		{ granularity }: DebugProtocol.StepBackArguments,
	): void {
		this.sendResponse(response);
		const single = granularity === 'instruction';
		this.move((picture) => (single ? Math.max(0, this.at - 1) : over(picture, this.at, true)), single);
	}

	protected override continueRequest(response: DebugProtocol.ContinueResponse): void {
		response.body = { allThreadsContinued: true };
		this.sendResponse(response);
		const { picture, at } = this;
		this.inside = false;
		if (picture !== undefined) this.arrive(goOn(picture, this.wrapped(picture), false, this.wanted.of(picture)), at);
	}

	protected override reverseContinueRequest(response: DebugProtocol.ReverseContinueResponse): void {
		this.sendResponse(response);
		const { picture, at } = this;
		if (picture !== undefined) this.arrive(goOn(picture, at, true, this.wanted.of(picture)), at);
	}

	/** Nothing runs between two stops, so there is nothing to pause. */
	protected override pauseRequest(response: DebugProtocol.PauseResponse): void {
		this.sendResponse(response);
	}

	protected override async evaluateRequest(
		response: DebugProtocol.EvaluateResponse,
		{ expression, context, frameId }: DebugProtocol.EvaluateArguments,
	): Promise<void> {
		const { picture } = this;
		const state = this.state();
		if (picture === undefined || state === undefined) {
			this.refuse(response, new Error('there is no run yet'));
			return;
		}
		if (context === 'repl') {
			try {
				const told = await this.command(expression.trim());
				if (told !== undefined) {
					response.body = { result: told, variablesReference: 0 };
					this.sendResponse(response);
					return;
				}
			} catch (error) {
				this.refuse(response, error);
				return;
			}
		}
		const found = lookUp(picture, state, this.laneOf(frameId), expression);
		if (found === undefined) {
			this.refuse(response, new Error(`nothing is called ${expression} here`));
			return;
		}
		response.body = { result: found.value, variablesReference: this.handle(found.children) };
		this.sendResponse(response);
	}

	/** A command of the debug console; undefined where it is none. */
	private async command(line: string): Promise<string | undefined> {
		const [word, argument] = line.split(/\s+/);
		if (word === 'help') return HELP;
		if (word === 'ways') {
			const ways = this.ways();
			return ways.length === 0
				? 'no thread can go on from here'
				: ways.map((way, n) => `${n + 1}  ${this.wordsOf(way)}`).join('\n');
		}
		if (word === 'take') {
			const way = this.ways()[Number(argument) - 1];
			if (way === undefined) throw new Error('take which way? "ways" lists them');
			await this.take(way);
			// the answer comes before the stop
			queueMicrotask(() => this.move((picture) => Math.min(this.at + 1, picture.steps.length)));
			return this.picture?.verdict ?? '';
		}
		if (word === 'found') {
			this.show(await this.runs.found());
			const end = this.picture?.steps.length ?? 0;
			queueMicrotask(() => this.stopAt(Math.min(this.at, end), 'goto'));
			return this.picture?.verdict ?? '';
		}
		return undefined;
	}

	private ways(): Alternative[] {
		return this.picture === undefined ? [] : waysAt(this.picture, this.at);
	}

	private wordsOf(way: Alternative): string {
		return this.picture === undefined ? '' : wordsOf(this.picture, way);
	}

	private async take({ lane, choice }: Alternative): Promise<void> {
		const step = this.picture && stepAt(this.picture, this.at);
		if (step?.lane === lane && step.choice === choice) return;
		this.show(await this.runs.branch(this.at, lane, choice));
		if (this.picture !== undefined) this.tell(`another way: ${this.picture.verdict}\n`);
	}

	/** Another run, the same up to the present state. */
	private show(picture: Picture): void {
		this.picture = picture;
		this.at = Math.min(this.at, picture.steps.length);
	}

	/** Where a run goes on from: at the end of a cycle, at its beginning. */
	private wrapped({ steps, cycleStart }: Picture): number {
		if (this.at < steps.length || cycleStart === null) return this.at;
		this.tell('the cycle begins again\n');
		return cycleStart;
	}

	/** @param inside each step of the simulated kernel by itself */
	private move(to: (picture: Picture) => number, inside = false): void {
		const { picture } = this;
		this.inside = inside;
		if (picture === undefined) return;
		const from = this.at;
		this.at = this.wrapped(picture);
		const next = to(picture);
		this.arrive({ at: next, why: next >= picture.steps.length ? 'end' : 'breakpoint' }, from, 'step');
	}

	/** @param from where it was before @param reason in place of `breakpoint` */
	private arrive({ at, why, line }: Stop, from: number, reason: Reason = 'breakpoint'): void {
		const { picture } = this;
		if (picture === undefined) return;
		this.report(picture, from, at);
		if (line !== undefined) this.inside = this.runs.source(line.uri).kernel;
		if (why === 'end' && at > 0) this.stopAt(at, picture.finding === null ? 'end' : 'exception');
		else if (why === 'no return') this.stopAt(at, 'no return');
		else if (why === 'end') this.stopAt(at, 'entry');
		else this.stopAt(at, why === 'data breakpoint' ? why : reason);
	}

	private stopAt(at: number, reason: Reason): void {
		const { picture } = this;
		if (picture === undefined) return;
		this.at = at;
		this.handles = [];
		this.frames = [];
		this.sendEvent(stopped(picture, focus(picture, at) + 1, reason) as unknown as Event);
	}

	private report(picture: Picture, from: number, to: number): void {
		const rows = rowsBetween(picture, from, to, this.inside);
		for (const { text, span } of rows.slice(0, MOST_TOLD)) {
			const event: DebugProtocol.OutputEvent = new OutputEvent(`${text}\n`, 'stdout');
			if (span.line > 0) {
				event.body.source = this.source(span.uri);
				event.body.line = this.convertDebuggerLineToClient(span.line);
			}
			this.sendEvent(event as unknown as Event);
		}
		if (rows.length > MOST_TOLD) this.tell(`… and ${rows.length - MOST_TOLD} more\n`);
	}

	private state(): State | undefined {
		return this.picture?.states[this.at] ?? undefined;
	}

	private scopes(lane: number): ScopeOf[] {
		const state = this.state();
		return this.picture === undefined || state === undefined ? [] : scopesOf(this.picture, state, lane);
	}

	private laneOf(frame: number | undefined): number {
		const known = frame === undefined ? undefined : this.frames[frame - 1];
		return known?.lane ?? (this.picture === undefined ? 0 : focus(this.picture, this.at));
	}

	/** A reference to values, 0 where there are none. */
	private handle(values: readonly Value[] | undefined): number {
		return values === undefined || values.length === 0 ? 0 : this.handles.push(values);
	}

	private source(uri: string): Source {
		// the default environment is in no file: a client asks for its text, and tells the language by the ending
		const own = uri === this.picture?.environment?.uri && { name: 'default environment.mmn', kernel: false };
		const { name, path, kernel }: SourceName = own || this.runs.source(uri);
		let reference = 0;
		if (path === undefined) {
			const known = this.sources.indexOf(uri);
			reference = known >= 0 ? known + 1 : this.sources.push(uri);
		}
		const source: DebugProtocol.Source = new Source(name, path, reference);
		if (kernel) source.origin = 'simulated kernel';
		return source as Source;
	}

	private uriOf({ path, sourceReference }: DebugProtocol.Source): string {
		const known = sourceReference === undefined ? undefined : this.sources[sourceReference - 1];
		return known ?? this.runs.uriOf(path ?? '');
	}

	private tell(text: string, category = 'console'): void {
		this.sendEvent(new OutputEvent(text, category));
	}

	private refuse(response: DebugProtocol.Response, error: unknown): void {
		const message = error instanceof Error ? error.message : String(error);
		// braces would be taken for the names of variables
		this.sendErrorResponse(response, { id: REFUSED, format: '{message}', variables: { message }, showUser: true });
	}

	/** The sketch has other text now than the one that the run is of. */
	outdated(): void {
		this.tell('The sketch has changed: restart to debug it as it is now.\n', 'important');
	}
}
