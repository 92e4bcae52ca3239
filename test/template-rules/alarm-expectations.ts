/** What CloudWatch has in one period, by metric; of metrics that several things have, `Errors of UploadAsset`. */
export type Situation = Readonly<Record<string, number>>;

/** When an alarm is to ring, on both sides of the line, and how long its window is. */
export interface AlarmExpectation {
  readonly alarm: string;
  readonly hears: string;
  readonly rings: readonly Situation[];
  readonly staysQuiet: readonly Situation[];
  readonly windowSeconds: number;
  /** How many periods of the window must be bad. */
  readonly badPeriods: number;
  readonly missing: 'notBreaching' | 'breaching' | 'ignore';
}

const often = { badPeriods: 1, missing: 'notBreaching' } as const;
const deadLetters = (alarm: string): AlarmExpectation => ({
  ...often,
  alarm,
  hears: 'of a dead letter',
  rings: [{ ApproximateNumberOfMessagesVisible: 1 }],
  staysQuiet: [{ ApproximateNumberOfMessagesVisible: 0 }],
  windowSeconds: 300,
});
const behind = (alarm: string, seconds: number): AlarmExpectation => ({
  alarm,
  hears: 'when a queue falls behind',
  rings: [{ ApproximateAgeOfOldestMessage: seconds + 1 }],
  staysQuiet: [{ ApproximateAgeOfOldestMessage: seconds }],
  windowSeconds: 900,
  badPeriods: 3,
  missing: 'notBreaching',
});

/** When every alarm is to ring: what on-call bears, and what it must hear. */
export const alarmExpectations: readonly AlarmExpectation[] = [
  ...['Stage', 'Upload', 'Metadata', 'PersonalUpload', 'Poll', 'Manifest', 'Inbox', 'Outcome', 'Events'].map(
    (name) => deadLetters(`${name}DeadLetterAlarm`),
  ),
  ...['Stage', 'Upload', 'Metadata', 'PersonalUpload', 'Manifest', 'Inbox', 'Outcome', 'Events'].map((name) =>
    behind(`${name}AgeAlarm`, 3_600),
  ),
  // A poll waits for as long as Showpad may process.
  behind('PollAgeAlarm', 90_000),
  {
    ...often,
    alarm: 'TokenRefusedAlarm',
    hears: 'when Showpad refuses the credentials',
    rings: [{ TokenRefused: 1 }],
    staysQuiet: [{ TokenRefused: 0 }],
    windowSeconds: 1_800,
  },
  {
    ...often,
    alarm: 'JobsFailingAlarm',
    hears: 'when many jobs fail',
    rings: [{ JobsFailed: 10 }, { JobsFailed: 3, JobsDone: 7 }, { JobsFailed: 2_600, JobsDone: 7_400 }],
    staysQuiet: [{}, { JobsFailed: 9 }, { JobsFailed: 5, JobsDone: 15 }, { JobsDone: 10_000 }],
    windowSeconds: 3_600,
  },
  ...(['ProcessingStuckAlarm SecondsInProcessing', 'TicketsStuckAlarm SecondsOnTicket'] as const).map(
    (pair) => {
      const [alarm = '', metric = ''] = pair.split(' ');
      return {
        ...often,
        alarm,
        hears: 'when a file is stuck in processing',
        rings: [{ [metric]: 7_201 }],
        staysQuiet: [{ [metric]: 7_200 }],
        windowSeconds: 900,
      };
    },
  ),
  {
    alarm: 'ThrottledAlarm',
    hears: 'when Showpad throttles',
    rings: [
      { ShowpadThrottles: 6, ShowpadCallsV4: 50 },
      { ShowpadThrottles: 6, ShowpadCallsV3: 50 },
      { ShowpadThrottles: 50, ShowpadCallsV3: 25, ShowpadCallsV4: 25 },
    ],
    staysQuiet: [
      {},
      { ShowpadThrottles: 49, ShowpadCallsV4: 49 },
      { ShowpadThrottles: 5, ShowpadCallsV4: 50 },
      { ShowpadThrottles: 10, ShowpadCallsV4: 50, ShowpadCallsV3: 50 },
    ],
    windowSeconds: 900,
    badPeriods: 3,
    missing: 'notBreaching',
  },
  {
    alarm: 'SilentSourcesAlarm',
    hears: 'when a source falls silent',
    rings: [{ SilentSources: 1 }],
    staysQuiet: [{ SilentSources: 0 }],
    windowSeconds: 600,
    badPeriods: 1,
    missing: 'ignore',
  },
  {
    alarm: 'EventsNotStoredAlarm',
    hears: 'when events cannot be stored',
    rings: [{ '5xx': 1 }],
    staysQuiet: [{ '5xx': 0 }],
    windowSeconds: 1_800,
    badPeriods: 2,
    missing: 'notBreaching',
  },
  {
    ...often,
    alarm: 'FunctionsFailingAlarm',
    hears: 'when functions crash',
    rings: [
      'StageBinary',
      'UploadAsset',
      'UploadPersonalFile',
      'UpdateMetadata',
      'PollProcessing',
      'ImportManifest',
      'ReceiveFile',
      'ReceiveMessage',
    ].map((id) => ({
      [`Errors of ${id}`]: 3,
    })),
    staysQuiet: [{}, { 'Errors of UploadAsset': 1, 'Errors of PollProcessing': 1 }],
    windowSeconds: 3_600,
  },
  {
    alarm: 'FunctionsThrottledAlarm',
    hears: 'when Lambda holds functions back',
    rings: [
      'StageBinary',
      'UploadAsset',
      'UploadPersonalFile',
      'UpdateMetadata',
      'PollProcessing',
      'ImportManifest',
      'ReceiveFile',
      'ReceiveMessage',
    ].map((id) => ({
      [`Throttles of ${id}`]: 1,
    })),
    staysQuiet: [{}],
    windowSeconds: 900,
    badPeriods: 3,
    missing: 'notBreaching',
  },
  {
    ...often,
    alarm: 'InFlightAlarm',
    hears: 'when as many messages are in flight as SQS bears',
    rings: ['Stage', 'Upload', 'PersonalUpload', 'Metadata', 'Poll'].map((name) => ({
      [`ApproximateNumberOfMessagesNotVisible of ${name}Queue`]: 100_001,
    })),
    staysQuiet: [{ 'ApproximateNumberOfMessagesNotVisible of PollQueue': 100_000 }],
    windowSeconds: 300,
  },
  {
    ...often,
    alarm: 'SweepFailedAlarm',
    hears: 'when the sweep fails',
    rings: [{ Errors: 1 }],
    staysQuiet: [{ Errors: 0 }],
    windowSeconds: 600,
    badPeriods: 2,
  },
  {
    alarm: 'SweepMissingAlarm',
    hears: 'when the sweep does not run',
    rings: [{ Invocations: 0 }],
    staysQuiet: [{ Invocations: 1 }],
    windowSeconds: 900,
    badPeriods: 1,
    missing: 'breaching',
  },
];
