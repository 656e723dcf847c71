// Values of every type that Baileys stores, made with its own functions where it has some.
import { randomBytes } from 'node:crypto'
import { Curve, proto } from '@whiskeysockets/baileys'

/** 728 keys of all types. */
export const COUNTS = {
  'pre-key': 275,
  'lid-mapping': 250,
  session: 131,
  'sender-key': 20,
  'sender-key-memory': 12,
  'app-state-sync-key': 10,
  'app-state-sync-version': 5,
  'device-list': 10,
  tctoken: 8,
  'identity-key': 7,
}

const phone = (index) => `7000000${String(index).padStart(4, '0')}`
const group = (index) => `12036300000000${index}-15@g.us`

const MAKERS = {
  // A pre-key is used once: its successor has another number.
  'pre-key': (index, round) => [String(round === 0 ? index + 1 : 1000 + round), Curve.generateKeyPair()],
  'lid-mapping': (index, round) => [
    index % 2 ? `1000000${index}_reverse` : phone(index),
    String(100_000_000_000_000 + index * 1000 + round),
  ],
  session: (index, round) => [`1000000${index}_1.${index % 100}`, index % 2 ? record(round) : randomBytes(300)],
  'sender-key': (index) => [`${group(index)}::${phone(index)}_1::0`, randomBytes(400)],
  'sender-key-memory': (index, round) => [
    group(index),
    { [`${phone(index)}:0@s.whatsapp.net`]: true, [`${phone(round)}:1@s.whatsapp.net`]: round % 2 === 0 },
  ],
  'app-state-sync-key': (index, round) => [
    `AAAA${index}/+==`,
    proto.Message.AppStateSyncKeyData.fromObject({
      keyData: randomBytes(32),
      fingerprint: { rawId: round + 1, currentIndex: index, deviceIndexes: [0, index] },
      timestamp: 1_770_000_000_000 + round,
    }),
  ],
  'app-state-sync-version': (index, round) => [
    ['critical_block', 'critical_unblock_low', 'regular', 'regular_high', 'regular_low'][index],
    {
      version: round,
      hash: randomBytes(128),
      indexValueMap: { 'ключ, ё/+=': { valueMac: randomBytes(32) } },
      // None of Baileys' own; it must stay as it is all the same.
      lookalike: { type: 'Buffer', data: [1, 2, 3], note: 'no Buffer: it has another member' },
    },
  ],
  'device-list': (index, round) => [phone(index), ['0', String(round), '{1,2}', 'a "b" \\ ё 💇']],
  tctoken: (index, round) => [
    `${phone(index)}@s.whatsapp.net`,
    { token: randomBytes(16), timestamp: String(1_770_000_000 + round), senderTimestamp: round + 0.5 },
  ],
  'identity-key': (index) => [`${phone(index)}_1.0`, Curve.generateKeyPair().public],
}

/** The form that a session has today: texts in base64, and numbers. */
function record(round) {
  const key = () => randomBytes(33).toString('base64')
  const chain = { chainKey: { counter: round, key: key() }, chainType: 1, messageKeys: { 0: key(), 7: key() } }
  const indexInfo = { baseKey: key(), baseKeyType: 2, closed: -1, used: 1_770_000_000_000 + round, created: 1e21 }
  const ratchet = { ephemeralKeyPair: { pubKey: key() }, previousCounter: -1, rootKey: null }
  return {
    _sessions: { [key()]: { registrationId: 7, currentRatchet: ratchet, indexInfo, _chains: { [key()]: chain } } },
    version: 'v1',
  }
}

/** Return the id and a new value of a key: the one with this index, in this round. */
export function fresh(type, index, round) {
  return MAKERS[type](index, round)
}
