import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Explorer } from '../store.js';

export const ExplorerContext = createContext<Explorer | null>(null);

/** The explorer of this page. */
export function useExplorer(): Explorer {
	const explorer = useContext(ExplorerContext);
	if (!explorer) throw new Error('outside of the page');
	return explorer;
}
