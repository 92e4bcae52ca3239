import { trusted } from './child.ts';
import { serveParent } from './parent.ts';
import { startWorkers } from './workers.ts';
import type { WorkerSettings } from './workers.ts';

serveParent(trusted<WorkerSettings>(), async (settings) => {
  const workers = await startWorkers(settings, console.log);
  return {
    ready: { apiUrl: workers.apiUrl, processIds: workers.processIds },
    methods: {
      activity: workers.activity,
      invoke: (functionName, event) => workers.invoke(String(functionName), event),
      pause: (functionName) => workers.pause(String(functionName)),
      resume: (functionName) => workers.resume(String(functionName)),
      redeliver: workers.redeliver,
      drain: workers.drain,
    },
    stop: workers.stop,
  };
});
