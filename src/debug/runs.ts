/** Where a debug session gets its run from: the language server's panels, or an engine in the same process. */
import type { Picture } from '../findings/explorer/picture.js';

/** What is to be debugged, as a launch configuration says it. */
export interface Launch {
	/** The sketch: a path, or a uri. */
	readonly program: string;
	/** The first with something wrong where it is left out. */
	readonly scenario?: string;
	/** Code of a finding, or its index; the first where it is left out. */
	readonly finding?: string | number;
	/** False: go to the first breakpoint, or to the end. */
	readonly stopOnEntry?: boolean;
}

/** A source as a client is told of it. */
export interface SourceName {
	readonly name: string;
	/** What the client opens; undefined: it has to ask for the text. */
	readonly path?: string;
	/** Of the simulated kernel. */
	readonly kernel: boolean;
}

export interface Runs {
	/**
	 * The run to look at, with all its states.
	 * @throws Error with a message for the reader: no such sketch, scenario or finding, or an error in the text
	 */
	open(launch: Launch): Promise<Picture>;
	/**
	 * The run in which `lane` takes its `choice`-th move in the state before step `at`, gone on with to an end.
	 * @throws Error with a message for the reader
	 */
	branch(at: number, lane: number, choice: number): Promise<Picture>;
	/** Back to the run that `open` has found. */
	found(): Promise<Picture>;
	source(uri: string): SourceName;
	/** The uri of a path that a client has named. */
	uriOf(path: string): string;
	/** Text of a source that the client cannot open by itself. */
	text(uri: string): Promise<string | undefined>;
	close(): void;
}
