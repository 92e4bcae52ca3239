import { startAws } from './aws.ts';
import type { AwsEndpoints } from './aws.ts';
import { trusted } from './child.ts';
import { serveParent } from './parent.ts';

export interface AwsProcessSettings {
  readonly region: string;
  readonly given: Partial<AwsEndpoints>;
  readonly stateDirectory?: string | undefined;
}

serveParent(trusted<AwsProcessSettings>(), async ({ region, given, stateDirectory }) => {
  const { endpoints, close } = await startAws(region, given, stateDirectory);
  return { ready: endpoints, stop: close };
});
