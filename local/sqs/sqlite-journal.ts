import { DatabaseSync } from 'node:sqlite';
import type { SQLOutputValue } from 'node:sqlite';
import type { Journal, QueueRecord } from './journal.ts';
import type { Message } from './message.ts';

export interface StoredQueue extends QueueRecord {
  readonly messages: readonly Message[];
}

type Row = Readonly<Record<string, SQLOutputValue>>;

const tables = `
  CREATE TABLE IF NOT EXISTS queues (name TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS messages (
    sequence INTEGER PRIMARY KEY, id TEXT NOT NULL, queue TEXT NOT NULL, content TEXT NOT NULL,
    sentAt INTEGER NOT NULL, hiddenUntil INTEGER NOT NULL, receiveCount INTEGER NOT NULL,
    firstReceivedAt INTEGER, deadLetterSourceArn TEXT
  ) STRICT;`;

/**
 * Opens a journal in a file, and reads what it remembers. Each entry is with the operating system before its method
 * returns, so it outlives this process however that ends; not a machine that loses its power.
 * @throws {Error} while another process has the file open
 */
export function openJournal(file: string): { readonly journal: Journal; readonly queues: StoredQueue[] } {
  const database = new DatabaseSync(file);
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    database.exec(`BEGIN IMMEDIATE; ${tables} COMMIT;`);
    return { journal: sqliteJournal(database), queues: readQueues(database) };
  } catch (error) {
    database.close();
    const isLocked = error instanceof Error && error.message.includes('locked');
    const what = isLocked ? 'is in use by another stack: end it, or use another folder' : 'cannot be used';
    throw new Error(`The queues' state file ${file} ${what}.`, { cause: error });
  }
}

function sqliteJournal(database: DatabaseSync): Journal {
  const saveQueue = database.prepare('INSERT OR REPLACE INTO queues (name, record) VALUES (?, ?)');
  const removeQueue = database.prepare('DELETE FROM queues WHERE name = ?');
  const purge = database.prepare('DELETE FROM messages WHERE queue = ?');
  const add = database.prepare('INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const received = database.prepare(
    'UPDATE messages SET receiveCount = ?, firstReceivedAt = ? WHERE sequence = ?',
  );
  const move = database.prepare('UPDATE messages SET queue = ?, deadLetterSourceArn = ? WHERE sequence = ?');
  const remove = database.prepare('DELETE FROM messages WHERE sequence = ?');
  const forEach = (messages: readonly Message[], write: (message: Message) => void): void => {
    if (messages.length > 1) together(database, () => messages.forEach(write));
    else messages.forEach(write);
  };
  return {
    saveQueue: (queue) => {
      saveQueue.run(queue.name, JSON.stringify(queue));
    },
    removeQueue: (name) => {
      together(database, () => {
        removeQueue.run(name);
        purge.run(name);
      });
    },
    add: (queueName, messages) =>
      forEach(messages, ({ sequence, id, content, sentAt, state, ...message }) => {
        const hiddenUntil = state === 'delayed' ? message.hiddenUntil : 0;
        const { receiveCount, firstReceivedAt, deadLetterSourceArn } = message;
        const text = JSON.stringify(content);
        const last = [receiveCount, firstReceivedAt, deadLetterSourceArn] as const;
        add.run(sequence, id, queueName, text, sentAt, hiddenUntil, ...last);
      }),
    received: (messages) =>
      forEach(messages, ({ sequence, receiveCount, firstReceivedAt }) => {
        received.run(receiveCount, firstReceivedAt, sequence);
      }),
    move: (queueName, messages) =>
      forEach(messages, ({ sequence, deadLetterSourceArn }) => {
        move.run(queueName, deadLetterSourceArn, sequence);
      }),
    remove: (messages) =>
      forEach(messages, ({ sequence }) => {
        remove.run(sequence);
      }),
    purge: (queueName) => {
      purge.run(queueName);
    },
    close: () => database.close(),
  };
}

function together(database: DatabaseSync, write: () => void): void {
  database.exec('BEGIN');
  try {
    write();
    database.exec('COMMIT');
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}

function readQueues(database: DatabaseSync): StoredQueue[] {
  const messagesOf = database.prepare('SELECT * FROM messages WHERE queue = ? ORDER BY sequence');
  return database
    .prepare('SELECT record FROM queues')
    .all()
    .map(({ record }) => {
      const queue = JSON.parse(String(record)) as QueueRecord;
      return { ...queue, messages: messagesOf.all(queue.name).map(messageOf) };
    });
}

function messageOf(row: Row): Message {
  const { firstReceivedAt, deadLetterSourceArn } = row;
  const hiddenUntil = Number(row['hiddenUntil']);
  return {
    id: String(row['id']),
    sequence: Number(row['sequence']),
    content: JSON.parse(String(row['content'])) as Message['content'],
    sentAt: Number(row['sentAt']),
    receiveCount: Number(row['receiveCount']),
    firstReceivedAt: typeof firstReceivedAt === 'number' ? firstReceivedAt : null,
    deadLetterSourceArn: typeof deadLetterSourceArn === 'string' ? deadLetterSourceArn : null,
    // Whoever had received a message died with the stack, so it is not in flight any more.
    state: hiddenUntil === 0 ? 'visible' : 'delayed',
    hiddenUntil,
    receivedAt: 0,
  };
}
