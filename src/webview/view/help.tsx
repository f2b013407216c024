import { useEffect, useRef } from 'preact/hooks';
import { BINDINGS } from '../model/keys.js';
import { Button } from './button.js';
import { useExplorer } from './context.js';
import { Icon } from './icons.js';
import { Legend } from './legend.js';

/** All keys, and all marks. The dialog is the browser's own: it keeps the focus and gives it back. */
export function Help() {
	const explorer = useExplorer();
	const dialog = useRef<HTMLDialogElement>(null);
	useEffect(() => {
		dialog.current?.showModal();
	}, []);
	const close = () => {
		explorer.helpOpen.value = false;
	};
	return (
		<dialog
			ref={dialog}
			class="help"
			aria-labelledby="help-title"
			onClose={close}
			onKeyDown={(event) => {
				if (event.key === '?') dialog.current?.close();
			}}
		>
			<div class="help-head">
				<h2 id="help-title">Keys</h2>
				<Button class="act" aria-label="Close" onClick={() => dialog.current?.close()}>
					<Icon name="close" />
				</Button>
			</div>
			<dl>
				{BINDINGS.map(({ caps, words }) => (
					<div key={words}>
						<dt>
							{caps.map((cap) => (
								<kbd key={cap}>{cap}</kbd>
							))}
						</dt>
						<dd>{words}</dd>
					</div>
				))}
			</dl>
			<p>
				In the run, ← and → go from thread to thread; Enter unfolds a call or takes another way. A line of the source
				goes to the steps that run it.
			</p>
			<Legend every />
		</dialog>
	);
}
