import * as vscode from 'vscode';
import interval from '../../media/templates/interval.mmn';
import kvm from '../../media/templates/kvm.mmn';
import list from '../../media/templates/list.mmn';
import secondaryTlb from '../../media/templates/secondary-tlb.mmn';

interface Template extends vscode.QuickPickItem {
	readonly id: string;
	readonly text: string;
}

const TEMPLATES: readonly Template[] = [
	{
		id: 'interval',
		label: 'Interval notifier',
		detail: 'A driver that maps pages of a range, and retries when an invalidation has come in between',
		text: interval,
	},
	{
		id: 'kvm',
		label: 'KVM style',
		detail: 'A count of invalidations and a sequence number, checked under a spinlock',
		text: kvm,
	},
	{
		id: 'list',
		label: 'List notifier',
		detail: 'Start and end callbacks; faults wait until no range is in progress',
		text: list,
	},
	{
		id: 'secondary-tlb',
		label: 'Secondary TLB',
		detail: "Shared virtual addressing: the device walks the CPU's page table, its TLB is flushed",
		text: secondaryTlb,
	},
];

/** Opens an untitled sketch made from a template: the one that is named, or one that the user picks. */
export async function newSketch(id?: unknown): Promise<void> {
	const template =
		TEMPLATES.find((t) => t.id === id) ??
		(await vscode.window.showQuickPick(TEMPLATES, { title: 'New Sketch', placeHolder: 'Which kind of driver?' }));
	if (template === undefined) return;
	const document = await vscode.workspace.openTextDocument({ language: 'mmn', content: template.text });
	await vscode.window.showTextDocument(document);
}
