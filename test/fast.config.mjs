import { defineConfig, mergeConfig } from 'vitest/config';
import all from '../vitest.config.mts';
import { LONG } from './long.ts';

/** `npm run test:unit`, the loop for the next edit. */
export default mergeConfig(all, defineConfig({ test: { exclude: LONG } }));
