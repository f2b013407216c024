import type { Picture } from '../findings/explorer/picture.js';
import type { Line, Stops } from './position.js';
import { valueAt } from './values.js';

/** Where a reader wants runs to stop, whichever run it is. */
export class WantedStops {
	/** By the uri of their source. */
	readonly lines = new Map<string, readonly Line[]>();
	/** Values that may not change unseen: who looks at them, and their paths. */
	values: readonly { readonly lane: number; readonly path: string }[] = [];
	/** In the first state from which no way ends well. */
	noReturn = false;

	of(picture: Picture): Stops {
		return {
			lines: [...this.lines.values()].flat(),
			watched: this.values.map(
				({ lane, path }) =>
					(state) =>
						valueAt(picture, state, lane, path),
			),
			noReturn: this.noReturn,
		};
	}
}
