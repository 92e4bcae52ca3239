import { defineConfig } from 'vitest/config';

/** Files that change modules, clocks or the process for whatever would come after them. */
const alone = [
  'test/unit/{apply-tag,receive-*,handlers*,lines-of-work,source-allowance,local-*}.test.ts',
  'test/unit/stall-watchdog.test.ts',
  'test/corpus/{bodies,queue-*,signatures,vendor-signatures}.test.ts',
  'test/faults/**/*.test.ts',
];
const small = ['test/{unit,corpus,contract,documents}/**/*.test.ts', 'test/*.test.ts'];
const stories = ['test/integration/**/*.test.ts'];

export default defineConfig({
  test: {
    pool: 'forks',
    // The stories mostly wait for delayed messages: more of them than cores go side by side.
    maxWorkers: 4,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      { extends: true, test: { name: 'small', include: small, exclude: alone, isolate: false } },
      { extends: true, test: { name: 'alone', include: alone } },
      { extends: true, test: { name: 'stories', include: stories, isolate: false } },
    ],
  },
});
