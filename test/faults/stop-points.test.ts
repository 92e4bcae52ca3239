import { chains } from './chains.ts';
import { testStopPoints } from './stop-points-part.ts';

const [{ source, flows }] = chains;

testStopPoints(chains.slice(0, 1), [{ source, name: 'frozen', flows: flows.slice(0, 2) }]);
