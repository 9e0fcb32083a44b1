import http from 'k6/http'
import { check, group, sleep } from 'k6'

// Another target: ssek run -e TARGET=https://staging.example.com FILE
const target = __ENV.TARGET || 'http://localhost:8080'

export const options = {
  // Up to 10 users in half a minute, one minute there, then down.
  stages: [
    { duration: '30s', target: 10 },
    { duration: '1m', target: 10 },
    { duration: '10s', target: 0 },
  ],
  // The exit code is 99 when one of these fails.
  thresholds: {
    http_req_failed: ['rate<0.01'],
    http_req_duration: ['p(95)<500'],
  },
}

// Runs once, before the load; what it returns is given to every user.
export function setup() {
  const res = http.get(`${target}/`)
  if (res.status !== 200) throw new Error(`${target} answered ${res.status}`)
  return { started: Date.now() }
}

export default function (data) {
  group('read', () => {
    const res = http.get(`${target}/`, { tags: { name: 'home' } })
    check(res, { 'home is there': (r) => r.status === 200 })
  })
  group('write', () => {
    const body = JSON.stringify({ user: __VU, since: data.started })
    const res = http.post(`${target}/echo`, body, { headers: { 'Content-Type': 'application/json' } })
    check(res, { 'write is accepted': (r) => r.status < 300 })
  })
  sleep(1)
}

// Runs once, after the load.
export function teardown(data) {
  console.log(`started at ${new Date(data.started).toISOString()}`)
}
