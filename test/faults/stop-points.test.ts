import { chains } from './chains.ts';
import { testStopPoints } from './stop-points-part.ts';

/** `npm test` kills the upsert of a file everywhere; `npm run faults`, and so CI, kills and freezes every flow. */
const isWhole = process.env['FAULTS'] === 'all';
const [{ source, name, flows }] = chains;
const killedFlows = isWhole ? flows : flows.slice(0, 1);
const frozen = isWhole ? [{ source, name: 'frozen', flows: flows.slice(0, 2) }] : [];

testStopPoints([{ source, name, flows: killedFlows }], frozen);
