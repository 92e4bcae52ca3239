import { extname } from 'node:path';
import type { Switches } from '../switches.ts';
import type { ReceivedFile, ReceivedForm } from './receive-form.ts';
import { V3Problem } from './v3-problem.ts';

const booleanFields: ReadonlySet<string> = new Set([
  'hideLabel',
  'isAnnotatable',
  'isDivisionShared',
  'isDownloadable',
  'isEditable',
  'isPersonal',
  'isSensitive',
  'isShareable',
  'liked',
  'onlyShareEntireDocument',
  'useOptimized',
]);
const otherFields: ReadonlySet<string> = new Set([
  'channelTemplateConfigId',
  'description',
  'draftedAt',
  'expiresAt',
  'externalDate',
  'externalId',
  'externalServiceId',
  'filetype',
  'lockedPages[]',
  'name',
  'oAuth2ClientId',
  'postProcessingInstructions',
  'releasedAt',
  'slug',
  'url',
]);

// Unlike other ids, which have 32, those of folders have 64 hexadecimal digits.
const folderPath = /^\/(?:[0-9a-f]{64}\/)*$/u;

/** What an upload into My Files asks for. */
export interface WantedUpload {
  readonly file: ReceivedFile;
  /** With the extension of the file. */
  readonly name: string;
  readonly description: string | null;
  readonly folder: string;
  readonly isPersonal: boolean;
}

/** Reads the form of POST /divisions/{id}/assets. Refuses with 400 and Showpad's number for what is wrong. */
export function readUploadForm(form: ReceivedForm | undefined, switches: Switches): WantedUpload {
  if (form === undefined) throw V3Problem.invalid(5000, 'The body is missing.');
  const { fields, file } = form;
  for (const [name, value] of fields) {
    if (booleanFields.has(name)) {
      if (value !== 'true' && value !== 'false') {
        throw V3Problem.invalid(4001, `The field ${name} must be true or false, without quotes.`);
      }
    } else if (!otherFields.has(name)) {
      throw V3Problem.invalid(2001, `The field ${name} is not supported.`);
    }
  }
  const isPersonal = fields.get('isPersonal') === 'true';
  if (switches.requiresIsPersonal && !isPersonal) throw required('isPersonal');
  const folder = readFolder(fields.get('postProcessingInstructions'), switches);
  if (file === undefined) throw required('file');
  const extension = extname(file.filename);
  if (extension === '') throw V3Problem.invalid(4013, 'The file name has no extension.');
  if (file.size === 0) throw V3Problem.invalid(4005, 'The file is empty.');
  const name = fields.get('name') ?? file.filename;
  if (name.trim() === '') throw required('name');
  return {
    file,
    name: extname(name).toLowerCase() === extension.toLowerCase() ? name : name + extension,
    description: fields.get('description') ?? null,
    folder,
    isPersonal,
  };
}

function readFolder(text: string | undefined, switches: Switches): string {
  const field = 'postProcessingInstructions';
  if (text === undefined || text === '') {
    if (switches.requiresPostProcessingInstructions) throw required(field);
    return '/';
  }
  let instructions: unknown;
  try {
    instructions = JSON.parse(text);
  } catch {
    throw V3Problem.invalid(5001, `The field ${field} must be JSON.`);
  }
  const known =
    switches.folderKey === 'both' ? ['materialisedPath', 'materializedPath'] : [switches.folderKey];
  const isObject = typeof instructions === 'object' && instructions !== null;
  const entries = new Map<string, unknown>(isObject ? Object.entries(instructions ?? {}) : []);
  const folder = known.map((key) => entries.get(key)).find((value) => value !== undefined);
  if (typeof folder === 'string' && folderPath.test(folder)) return folder;
  throw V3Problem.invalid(4006, `The field ${field} must name a folder by its path of ids.`);
}

function required(field: string): V3Problem {
  return V3Problem.invalid(4008, `The field ${field} is required.`);
}
