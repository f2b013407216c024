import type { JSX } from 'preact';

/** A button that is in no form. */
export function Button(props: JSX.IntrinsicElements['button']) {
	return <button type="button" {...props} />;
}
