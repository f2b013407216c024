/** Pictures made not long ago: a panel that is opened shows one at once where nothing that it was made of has changed since. */
import type { CheckOptions } from '../findings/check.js';
import type { Picture } from '../findings/explorer/picture.js';

/** What a panel asks to see. */
export interface Asked {
	readonly uri: string;
	/** The first that shows something, where there is none. */
	readonly scenario?: string | undefined;
	/** Index; the first where there is none. */
	readonly finding?: number | null | undefined;
}

/** What a picture was made of: every text that was read, and the limits of the search. */
export interface MadeOf {
	readonly texts: ReadonlyMap<string, string | undefined>;
	readonly limits: CheckOptions;
}

/** A picture of a few hundred states has about a megabyte. */
const MOST = 8;

export class LastPictures {
	private readonly kept = new Map<string, { readonly picture: Picture } & MadeOf>();

	/** Keeps a picture as the answer to what was asked, and to its own scenario and finding. */
	keep(asked: Asked, picture: Picture, madeOf: MadeOf): void {
		for (const one of [asked, { uri: asked.uri, scenario: picture.scenario, finding: picture.shown }]) {
			const key = keyOf(one);
			this.kept.delete(key);
			this.kept.set(key, { picture, ...madeOf });
		}
		for (const key of this.kept.keys()) if (this.kept.size > MOST) this.kept.delete(key);
	}

	/**
	 * The picture that a search would make now: the engine is deterministic.
	 * @param read the newest text of a file
	 */
	async find(
		asked: Asked,
		read: (uri: string) => Promise<string | undefined>,
		limits: CheckOptions,
	): Promise<Picture | undefined> {
		const one = this.kept.get(keyOf(asked));
		if (one === undefined || JSON.stringify(one.limits) !== JSON.stringify(limits)) return undefined;
		const same = await Promise.all([...one.texts].map(async ([uri, text]) => (await read(uri)) === text));
		return same.every(Boolean) ? one.picture : undefined;
	}
}

const keyOf = ({ uri, scenario, finding }: Asked): string => JSON.stringify([uri, scenario ?? null, finding ?? null]);
