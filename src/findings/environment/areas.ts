import type { FunctionDecl } from '../../language/generated/ast.js';
import type { Objects } from './objects.js';
import type { AreaCall, Roles } from './roles.js';

/**
 * Areas of the process that a file's `->mmap` maps: one that is there from the start, where `->mmap` says so, and one for who maps
 * another meanwhile. All operations come with mmap_lock held (Documentation/filesystems/locking.rst).
 */
export class Areas {
	/** Declarations that the environment needs for them. */
	readonly declarations: readonly string[];
	/** Statements that map the first one. */
	readonly setup: readonly string[];
	private readonly maps: FunctionDecl | undefined;
	private readonly closes: FunctionDecl | undefined;

	constructor(
		private readonly roles: Roles,
		private readonly objects: Objects,
	) {
		const the = (call: AreaCall) => [...roles.areas].find(([, c]) => c === call)?.[0];
		this.maps = the('mmap');
		this.closes = the('close');
		const area = `{ .vm_start = 0, .vm_end = ${objects.span}, .vm_mm = &init_mm, .vm_flags = VM_READ | VM_WRITE${this.maps ? `, .vm_file = ${objects.the('file')}` : ''} }`;
		this.declarations =
			roles.areas.size === 0
				? []
				: [
						'#include <environment/areas>',
						...AREAS.flatMap((name) => [
							`static struct vm_area_struct ${name} = ${area};`,
							`static bool ${name}_is_mapped${this.maps ? '' : ' = true'};`,
						]),
					];
		this.setup = this.maps && roles.mapsFirst ? [this.mapping(this.maps, FIRST)] : [];
	}

	has(f: FunctionDecl): boolean {
		return this.roles.areas.has(f);
	}

	/** What the kernel does to run `f`; undefined where it is no operation of an area. */
	body(f: FunctionDecl): string | undefined {
		const call = this.roles.areas.get(f);
		if (call === 'mmap') return this.mapping(f, SECOND);
		// fork() and the splitting of an area hold the lock for writing
		if (call === 'open') return locked('write', `if (${FIRST}_is_mapped) ${f.name}(&${FIRST});`);
		if (call === 'close') return this.closing();
		if (call !== 'fault') return undefined;
		const last = this.objects.span - 1;
		const fault = `struct vm_fault vmf = { .vma = &${FIRST}, .address = ${last > 0 ? `any(0, ${last})` : '0'} };`;
		return `{ ${fault} vmf.pgoff = vmf.address; ${locked('read', `if (${FIRST}_is_mapped) ${f.name}(&vmf);`)} }`;
	}

	/** Unmaps them all: a file is released when none of its areas is left. */
	closing(): string {
		if (this.maps === undefined && this.closes === undefined) return '';
		const close = this.closes?.name ?? 'NULL';
		return AREAS.map((name) => `unmap_area(&${name}, ${close}, &${name}_is_mapped);`).join(' ');
	}

	private mapping(f: FunctionDecl, name: string): string {
		return locked(
			'write',
			`if (!${name}_is_mapped && ${f.name}(${this.objects.the('file')}, &${name}) == 0) ${name}_is_mapped = true;`,
		);
	}
}

const FIRST = 'default_area';
const SECOND = 'another_area';
const AREAS = [FIRST, SECOND];

const locked = (how: 'read' | 'write', body: string): string => `mmap_${how}_lock(mm); ${body} mmap_${how}_unlock(mm);`;
