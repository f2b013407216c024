import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { Button } from './button.js';
import { Icon, type IconName } from './icons.js';

export interface Item {
	readonly label: string;
	readonly hint?: string;
	/** A line before it. */
	readonly apart?: boolean;
	run(): void;
}

interface Props {
	readonly id: string;
	readonly icon: IconName;
	readonly title: string;
	readonly label: ComponentChildren;
	readonly items: readonly Item[];
}

/** A button with a menu: arrows move, letters find, Escape and Tab leave. */
export function Menu({ id, icon, title, label, items }: Props) {
	const open = useSignal(false);
	const list = useRef<HTMLDivElement>(null);
	const button = useRef<HTMLButtonElement>(null);
	const entries = () => [...(list.current?.querySelectorAll<HTMLElement>('[role=menuitem]') ?? [])];
	const close = (back = true) => {
		open.value = false;
		if (back) button.current?.focus();
	};
	useLayoutEffect(() => {
		if (!open.value) return;
		entries()[0]?.focus();
		const outside = (event: Event) => {
			if (!list.current?.contains(event.target as Node) && !button.current?.contains(event.target as Node))
				close(false);
		};
		document.addEventListener('pointerdown', outside);
		return () => document.removeEventListener('pointerdown', outside);
	}, [open.value]);
	const keys = (event: KeyboardEvent) => {
		const all = entries();
		const at = all.indexOf(document.activeElement as HTMLElement);
		const to = (next: number) => all[(next + all.length) % all.length]?.focus();
		if (event.key === 'ArrowDown') to(at + 1);
		else if (event.key === 'ArrowUp') to(at - 1);
		else if (event.key === 'Home') to(0);
		else if (event.key === 'End') to(all.length - 1);
		else if (event.key === 'Escape') close();
		else if (event.key === 'Tab') {
			close(false);
			return;
		} else if (event.key.length === 1 && event.key !== ' ') {
			const letter = event.key.toLowerCase();
			const order = [...all.slice(at + 1), ...all.slice(0, at + 1)];
			order.find((entry) => entry.textContent?.toLowerCase().startsWith(letter))?.focus();
		} else return;
		event.preventDefault();
		event.stopPropagation();
	};
	return (
		<span class="menu">
			<button
				type="button"
				ref={button}
				id={id}
				class="act"
				title={title}
				aria-haspopup="menu"
				aria-expanded={open.value}
				onClick={() => {
					open.value = !open.value;
				}}
			>
				<Icon name={icon} />
				<span class="wide">{label}</span>
				<Icon name="down" size={12} />
			</button>
			{open.value && (
				<div class="list" role="menu" aria-labelledby={id} ref={list} onKeyDown={keys} tabIndex={-1}>
					{items.map((item) => (
						<Button
							role="menuitem"
							tabIndex={-1}
							class={item.apart ? 'apart' : ''}
							key={item.label}
							onClick={() => {
								close();
								item.run();
							}}
						>
							<span>{item.label}</span>
							{item.hint && <span class="hint">{item.hint}</span>}
						</Button>
					))}
				</div>
			)}
		</span>
	);
}
