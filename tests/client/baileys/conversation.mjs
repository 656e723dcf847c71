// Two people write to each other by Signal's protocol, through Baileys' own repository: one keeps
// his keys where the caller says, the other in memory. Each answer turns the ratchet, so keys that
// are one message old can read nothing.
import { setTimeout as pause } from 'node:timers/promises'
import { DEFAULT_CONNECTION_CONFIG, generateSignalPubKey, getNextPreKeys, initAuthCreds } from '@whiskeysockets/baileys'
import { socketKeys, logger } from './socket.mjs'

const PAUSE_MS = 50
const OUR = '70000000001@s.whatsapp.net'
const FRIEND = '70000000002@s.whatsapp.net'
const FRIEND_LID = '100000000000002@lid'
const GROUP = '120363000000000001@g.us'

export class Conversation {
  spoken = 0
  #friend
  #isOver = false
  #done

  constructor() {
    this.#friend = repository({ creds: initAuthCreds(), keys: memory() })
  }

  /** Take part with keys that the conversation doesn't know: they are asked for anew. */
  join(state) {
    this.state = state
    this.us = repository(state)
  }

  /** Our first pre-keys are made, and the friend uses one of them. */
  async begin() {
    const { creds, keys } = this.state
    const { preKeys, update } = await getNextPreKeys({ creds, keys: socketKeys(keys) }, 5)
    Object.assign(creds, update)
    await this.us.lidMapping.storeLIDPNMappings([{ lid: FRIEND_LID, pn: FRIEND }])
    const [keyId, pair] = Object.entries(preKeys)[0]
    const { signedPreKey } = creds
    await this.#friend.injectE2ESession({
      jid: OUR,
      session: {
        registrationId: creds.registrationId,
        identityKey: generateSignalPubKey(creds.signedIdentityKey.public),
        signedPreKey: {
          keyId: signedPreKey.keyId,
          publicKey: generateSignalPubKey(signedPreKey.keyPair.public),
          signature: signedPreKey.signature,
        },
        preKey: { keyId: Number(keyId), publicKey: generateSignalPubKey(pair.public) },
      },
    })
    const invitation = await this.#friend.getSenderKeyDistributionMessage({ group: GROUP, meId: FRIEND })
    await this.us.processSenderKeyDistributionMessage({
      authorJid: FRIEND,
      item: { groupId: GROUP, axolotlSenderKeyDistributionMessage: invitation },
    })
  }

  /** The friend writes, to us and to the group; we read it and answer, and the friend reads that. */
  async speak() {
    const text = `Записать на ${++this.spoken} мая, ещё одна строка`
    await read(text, this.us, FRIEND, await this.#friend.encryptMessage({ jid: OUR, data: Buffer.from(text) }))
    await read(text, this.#friend, OUR, await this.us.encryptMessage({ jid: FRIEND, data: Buffer.from(text) }))
    const { ciphertext } = await this.#friend.encryptGroupMessage({ group: GROUP, meId: FRIEND, data: Buffer.from(text) })
    const plain = await this.us.decryptGroupMessage({ group: GROUP, authorJid: FRIEND, msg: ciphertext })
    if (plain.toString() !== text) throw new Error('the group reads something else')
  }

  /** Speak again and again. */
  go() {
    const speakOn = async () => {
      while (!this.#isOver) {
        await this.speak()
        await pause(PAUSE_MS)
      }
    }
    this.#done = speakOn()
    // It is thrown by stop.
    this.#done.catch(() => {})
  }

  async stop() {
    this.#isOver = true
    await this.#done
    return this.spoken
  }

  /** What we know of the friend, and which of our pre-keys are left. */
  async known() {
    const phone = await this.us.lidMapping.getPNForLID(FRIEND_LID)
    const left = await this.state.keys.get('pre-key', ['1', '2', '3', '4', '5'])
    return { phone, preKeys: Object.keys(left) }
  }
}

async function read(text, reader, jid, { type, ciphertext }) {
  const plain = await reader.decryptMessage({ jid, type, ciphertext })
  if (plain.toString() !== text) throw new Error('something else is read than was written')
}

/** Return Baileys' own way to speak Signal's protocol with some keys. */
export function repository({ creds, keys }) {
  const { makeSignalRepository } = DEFAULT_CONNECTION_CONFIG
  return makeSignalRepository({ creds, keys: socketKeys(keys) }, logger, async () => [])
}

/** A store that lasts as long as the process. */
function memory() {
  const kept = new Map()
  return {
    get: async (type, ids) =>
      Object.fromEntries(ids.filter((id) => kept.has(`${type}/${id}`)).map((id) => [id, kept.get(`${type}/${id}`)])),
    set: async (data) => {
      for (const [type, values] of Object.entries(data)) {
        for (const [id, value] of Object.entries(values)) {
          if (value === null) kept.delete(`${type}/${id}`)
          else kept.set(`${type}/${id}`, structuredClone(value))
        }
      }
    },
  }
}
