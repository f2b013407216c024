/** The pages of the manual that are made from what they describe. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { COMMANDS, HELP } from '../../src/cli/help.js';
import { kernelLibraries } from '../../src/kernel/library.js';
import { isPublic, isStatic } from '../../src/language/names.js';
import { parseFile } from '../../src/language/parser.js';
import { CONFIG_WORDS, ENVIRONMENT_WORDS } from '../../src/language/scenario-words.js';
import { root } from '../build.js';
import { unsupported } from './unsupported.js';

const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

interface Manifest {
	readonly contributes: {
		readonly commands: readonly { command: string; title: string }[];
		readonly configuration: { readonly properties: Readonly<Record<string, Setting>> };
	};
}

interface Setting {
	readonly type: string | readonly string[];
	readonly default?: unknown;
	readonly description?: string;
	readonly markdownDescription?: string;
	readonly enum?: readonly string[];
	readonly enumDescriptions?: readonly string[];
	readonly order?: number;
}

/** The manifest's texts are in package.nls.json: `%key%`. */
function inWords(text: string): string {
	const texts = JSON.parse(read('package.nls.json')) as Record<string, string>;
	return text.replace(/^%(.+)%$/, (_, key: string) => texts[key] ?? `%${key}%`);
}

/** Bars end a cell of a table. */
const cell = (text: string) => text.replaceAll('|', '\\|').replace(/\s*\n\s*/g, ' ');

function settings(): string {
	const { contributes } = JSON.parse(read('package.json')) as Manifest;
	const rows = Object.entries(contributes.configuration.properties)
		.sort(([, a], [, b]) => (a.order ?? 99) - (b.order ?? 99))
		.map(([name, setting]) => {
			const words = inWords(setting.markdownDescription ?? setting.description ?? '');
			const values = (setting.enum ?? []).map(
				(value, n) => `\`${value}\`: ${inWords(setting.enumDescriptions?.[n] ?? '')}`,
			);
			return `| \`${name}\` | \`${JSON.stringify(setting.default)}\` | ${cell([words, ...values].join(' '))} |`;
		});
	const commands = contributes.commands.map(({ command, title }) => `| ${cell(inWords(title))} | \`${command}\` |`);
	return `# Settings and commands

## Settings

| setting | default | meaning |
|---|---|---|
${rows.join('\n')}

## Commands

In the palette (F1) behind *Notifier Lab:*. The names are for key bindings.

| command | name |
|---|---|
${commands.join('\n')}
`;
}

function commandLine(): string {
	const parts = COMMANDS.map((name) => `## ${name}\n\n\`\`\`text\n${HELP[name].trimEnd()}\n\`\`\``);
	return `# Command line

The same checks, findings and words as in the editor, for terminals, scripts and CI.

\`\`\`text
${HELP.all.trimEnd()}
\`\`\`

${parts.join('\n\n')}
`;
}

function findings(): string {
	const rows = readdirSync(path.join(root, 'media/manual/findings'))
		.sort()
		.map((file) => {
			const [, code = '', words = ''] = /^# ([\w-]+): (.*)$/m.exec(read(`media/manual/findings/${file}`)) ?? [];
			return `| [\`${code}\`](findings/${file}) | ${cell(words)} |`;
		});
	return `# Findings

A finding is one defect, found once, explained by one shortest run. Its code is stable: it stands in *Problems* (where it
links to its page), in \`expect\`, and in JSON. \`notifier-lab explain CODE\` prints its page.

| code | what it says |
|---|---|
${rows.join('\n')}
`;
}

/** Everything a sketch may call, from the files of the simulated kernel themselves. */
function functions(): string {
	const prelude = kernelLibraries.prelude.map((uri) => [uri.replace(/^.*:\/|\.mmn$/g, ''), uri] as const);
	const includable = kernelLibraries.names
		.filter((name) => !name.startsWith('environment/'))
		.map((name) => [name, kernelLibraries.resolve(name) ?? ''] as const);
	const section = ([name, uri]: readonly [string, string], include: boolean) => {
		const prototypes = prototypesOf(uri);
		const coreUri = include ? (kernelLibraries.resolve(`${name}-core`) ?? '') : '';
		const core = prototypesOf(coreUri);
		const others = [...othersOf(uri), ...othersOf(coreUri)];
		if (prototypes.length === 0 && others.length === 0) return [];
		const title = include ? `## \`#include <${name}>\`` : `### ${name.replace('kernel/', '')}`;
		const functions = [...prototypes, ...core];
		const list = functions.length > 0 ? [`\`\`\`text\n${functions.join('\n')}\n\`\`\``] : [];
		const names = others.length > 0 ? [`${others.map((other) => `\`${other}\``).join(', ')}`] : [];
		return [[title, ...list, ...names].join('\n\n')];
	};
	return `# Functions

What a sketch may call, as it stands in the simulated kernel, and the structs, constants and variables beside it. \`(...)\` is a macro: its arguments are C's, and are checked.
*Go to Definition* on a call opens the code that is run.

## What do I use for …

Some of what there is; the rest of each family stands below, by the file of the simulated kernel that has it.

| for | use |
|---|---|
${TASKS.map(([task, names]) => `| ${task} | ${names.split(' ').map(known).join(', ')} |`).join('\n')}

## Structs to fill in or to read

As \`<mn/list>\`, \`<mn/interval>\`, \`<hmm>\` and \`<migrate>\` have them; the callbacks of the older generations take other arguments.

\`\`\`text
${STRUCTS.map(structOf).join('\n\n')}
\`\`\`

## Without an include

${prelude.flatMap((file) => section(file, false)).join('\n\n')}

${includable.flatMap((file) => section(file, true)).join('\n\n')}
`;
}

/** What an author looks for, and by which names it goes. */
const TASKS = [
	['being told of invalidations', 'mmu_interval_notifier_insert mmu_notifier_register mmu_notifier_get'],
	[
		'no longer being told',
		'mmu_interval_notifier_remove mmu_notifier_unregister mmu_notifier_put mmu_notifier_synchronize',
	],
	['a fault that retries', 'mmu_interval_read_begin mmu_interval_read_retry mmu_interval_set_seq'],
	['looking up pages', 'hmm_range_fault get_user_pages_fast pin_user_pages cpu_pte'],
	['giving pages back', 'put_page folio_put unpin_user_page'],
	["the device's page table", 'dev_map dev_map_page dev_unmap dev_mapped'],
	["the device's TLB alone", 'dev_clear dev_flush'],
	['jobs of the device', 'dev_submit dma_fence_wait dma_fence_signal'],
	['access by the device, and by the CPU', 'dev_read dev_write cpu_load cpu_store'],
	['a device that walks the page table of the CPU', 'dev_bind_mm'],
	['somebody who invalidates', 'munmap mmap_fixed fork reclaim oom_reap truncate migrate_page exit_mmap'],
	['what must not block', 'mmu_notifier_range_blockable non_block_start might_sleep'],
	['a lock that may sleep', 'mutex_lock mutex_trylock down_read down_write percpu_down_read'],
	['so many at once', 'sema_init down down_trylock up'],
	['a lock that may not', 'spin_lock spin_lock_irqsave read_lock raw_spin_lock'],
	['several locks at once', 'ww_mutex_lock dma_resv_lock'],
	['mmap_lock', 'mmap_read_lock mmap_read_trylock mmap_write_lock lock_vma_under_rcu'],
	['sleeping until something is so', 'wait_event wait_event_interruptible wake_up wake_up_all'],
	['waiting for one event', 'wait_for_completion complete complete_all'],
	['a few words that many read', 'read_seqbegin read_seqcount_begin write_seqlock'],
	['readers without a lock', 'rcu_read_lock rcu_dereference synchronize_rcu kfree_rcu srcu_read_lock'],
	['plain accesses that race on purpose', 'READ_ONCE WRITE_ONCE smp_load_acquire smp_store_release cmpxchg'],
	['counting', 'atomic_inc atomic_dec_and_test refcount_inc_not_zero kref_put percpu_ref_tryget_live'],
	['work for later', 'schedule_work queue_work flush_work cancel_work_sync alloc_workqueue'],
	['work after a time', 'schedule_delayed_work mod_timer timer_delete_sync hrtimer_start hrtimer_cancel'],
	[
		'interrupts, and what they leave for later',
		'request_irq request_threaded_irq free_irq tasklet_schedule tasklet_kill',
	],
	['a thread of the kernel', 'kthread_run kthread_should_stop kthread_stop'],
	['memory', 'kmalloc kzalloc kcalloc kfree alloc_page'],
	['allocation that does not reclaim', 'memalloc_nofs_save memalloc_noreclaim_save'],
	['keeping the address space', 'mmgrab mmdrop mmget_not_zero mmput mmput_async'],
	['user memory', 'copy_from_user copy_to_user get_user put_user'],
	['lists and trees', 'list_add list_for_each_entry_safe xa_load xa_store interval_tree_insert'],
	['what may be one thing or another', 'any any_bool'],
	['what must hold', 'BUG_ON assert WARN_ON lockdep_assert_held'],
] as const;

/** Something that can be called, or a macro: a name that is none fails. */
function known(name: string): string {
	const included = kernelLibraries.names.flatMap((file) => [file, `${file}-core`]);
	const files = [...kernelLibraries.prelude, ...included.map((file) => kernelLibraries.resolve(file) ?? '')];
	const there = files.some((uri) => new RegExp(`\\b${name}\\(`).test(kernelLibraries.read(uri) ?? ''));
	if (!there) throw new Error(`the list of tasks names ${name}, which there is not`);
	return `\`${name}\``;
}

/** What the author of a driver fills in or reads, and where it stands. */
const STRUCTS = [
	['mn/list-core', 'mmu_notifier_ops'],
	['mn/interval', 'mmu_interval_notifier_ops'],
	['kernel/mm', 'mmu_notifier_range'],
	['mn/interval-core', 'mmu_interval_notifier'],
	['hmm', 'hmm_range'],
	['migrate', 'migrate_vma'],
] as const;

/** The definition as it stands in the simulated kernel, with its comments. */
function structOf([file, name]: (typeof STRUCTS)[number]): string {
	const text = read(`src/kernel/lib/${file}.mmn`);
	const found = parseFile(file, text, true).root.items.find((i) => i.$type === 'StructDef' && i.name === name);
	if (!found?.$cstNode) throw new Error(`${file} does not define struct ${name}`);
	return found.$cstNode.text;
}

/** Structs, constants and variables that a sketch can use. */
function othersOf(uri: string): string[] {
	const text = kernelLibraries.read(uri);
	if (text === undefined) return [];
	const names = parseFile(uri, text, true).root.items.flatMap((item): string[] => {
		switch (item.$type) {
			case 'StructDef':
				return item.name && !item.name.startsWith('__') ? [`struct ${item.name}`] : [];
			case 'EnumDef':
				return item.constants.map(({ name }) => name);
			case 'Define':
				return item.name.startsWith('___') ? [] : [item.name];
			case 'VariableDecl':
				return item.variables.filter((v) => isPublic(v) && !isStatic(v)).map(({ name }) => name);
			default:
				return [];
		}
	});
	return [...new Set(names)];
}

function prototypesOf(uri: string): string[] {
	const text = kernelLibraries.read(uri);
	if (text === undefined) return [];
	const seen = new Set<string>();
	return parseFile(uri, text, true).root.items.flatMap((item) => {
		if (item.$type !== 'FunctionDecl' || !isPublic(item) || isStatic(item) || seen.has(item.name)) return [];
		seen.add(item.name);
		const whole = item.$cstNode?.text ?? '';
		const head = item.body?.$cstNode ? whole.slice(0, whole.indexOf(item.body.$cstNode.text)) : whole;
		return [head.replace(/\s+/g, ' ').replace(/;$/, '').trim()];
	});
}

/** The parser's own grammar, without what it keeps of a text. */
function grammar(): string {
	const rules = read('src/language/mmn.langium')
		.replace(/^[\s\S]*?(?=^entry )/m, '')
		.replace(/^type [\s\S]*?;\n/gm, '')
		.replace(/^(hidden )?terminal (\w+): (\/.*\/);$/gm, '$2: $3;')
		.replace(/^entry |^fragment /gm, '')
		.replace(/\{infer [^}]*\} ?/g, '')
		.replace(/ (infers|returns) \w+/g, '')
		.replace(/\w+(\+=|\?=|=)(?=[[('\w])/g, '')
		.replace(/\[\w+:(\w+)\]/g, '$1')
		.replace(/^infix (\w+) on (\w+):/gm, '$1: $2, joined by these, the tightest first:')
		.replace(/\n{3,}/g, '\n\n')
		.trim();
	return `# Grammar

As the parser has it. \`?\` is optional, \`*\` any number, \`+\` at least one, \`|\` or; what is quoted stands for itself, and
what is between slashes is a regular expression. Some constructs are parsed only to be refused by name: see
[the language](language.md).

\`\`\`text
${rules}
\`\`\`

Words of \`config\`: ${Object.entries(CONFIG_WORDS)
		.map(([word, takes]) => `\`${word}${takes === 'number' ? ' N' : ''}\``)
		.join(', ')}.

Words of \`environment\`: ${ENVIRONMENT_WORDS.map((word) => `\`${word}\``).join(', ')}.
`;
}

export const GENERATED: Readonly<Record<string, () => string | Promise<string>>> = {
	'settings.md': settings,
	'cli.md': commandLine,
	'findings.md': findings,
	'functions.md': functions,
	'grammar.md': grammar,
	'unsupported.md': unsupported,
};
