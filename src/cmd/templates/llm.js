import sse from 'k6/x/sse'
import { check } from 'k6'
import { Counter, Trend } from 'k6/metrics'

// Without a server at hand: ssek run --mock FILE
const base = __ENV.OPENAI_BASE_URL || 'http://localhost:8080/v1'
const model = __ENV.MODEL || 'my-model'
const prompts = ['Why is the sky blue?', 'Write a haiku about queues.', 'What is a token?']

const firstToken = new Trend('first_token_time', true)
const betweenTokens = new Trend('between_tokens_time', true)
const chunks = new Counter('chunks')

export const options = {
  vus: 4,
  duration: '30s',
  thresholds: {
    first_token_time: ['p(95)<1000'],
    checks: ['rate>0.99'],
  },
}

export default function () {
  const request = {
    model,
    stream: true,
    max_tokens: 128,
    messages: [{ role: 'user', content: prompts[__ITER % prompts.length] }],
  }
  const params = {
    method: 'POST',
    body: JSON.stringify(request),
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${__ENV.OPENAI_API_KEY || 'none'}` },
  }
  const start = Date.now()
  let last = 0
  let done = false
  const res = sse.open(`${base}/chat/completions`, params, (client) => {
    client.on('event', (event) => {
      if (event.data === '[DONE]') {
        done = true
        return client.close()
      }
      if (!event.data || !event.data.startsWith('{')) return
      const choice = JSON.parse(event.data).choices?.[0]
      if (!choice?.delta?.content) return
      const now = Date.now()
      if (last === 0) firstToken.add(now - start)
      else betweenTokens.add(now - last)
      last = now
      chunks.add(1)
    })
    client.on('error', (error) => console.error(`stream failed: ${error.error()}`))
  })
  check(res, { 'status is 200': (r) => r && r.status === 200 })
  check(done, { 'stream is complete': (complete) => complete })
}
