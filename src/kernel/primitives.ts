import type { Primitive } from './context.js';
import { contract } from './primitives/contract.js';
import { device } from './primitives/device.js';
import { locks } from './primitives/locks.js';
import { memory } from './primitives/memory.js';
import { tasks } from './primitives/tasks.js';

/** All primitives of the simulated kernel, in a fixed order. */
export const primitives: readonly Primitive[] = [...locks, ...tasks, ...memory, ...device, ...contract];
