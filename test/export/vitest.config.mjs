import { mergeConfig } from 'vitest/config';
import base from '../../vitest.config.mts';

/** Comparisons with SPIN: they need a C compiler and half a minute, so they are a part of their own of npm test. */
const config = mergeConfig(base, { test: { testTimeout: 300_000 } });
config.test = { ...config.test, include: ['test/export/*.spin.ts'] };
export default config;
