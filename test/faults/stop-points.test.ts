import { chains } from './chains.ts';
import { testStopPoints } from './stop-points-part.ts';

/** `npm test` stops the upsert of a file everywhere; `npm run faults`, and so CI, every flow. */
const isWhole = process.env['FAULTS'] === 'all';
const [{ source, name, flows }] = chains;
const killedFlows = isWhole ? flows : flows.slice(0, 1);
const frozenFlows = isWhole ? flows.slice(0, 2) : flows.slice(0, 1);

testStopPoints([{ source, name, flows: killedFlows }], [{ source, name: 'frozen', flows: frozenFlows }]);
