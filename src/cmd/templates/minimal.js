import http from 'k6/http'
import { check, sleep } from 'k6'

// How much load, and for how long. Flags win over this: ssek run -u 5 -d 10s FILE
export const options = {
  vus: 10,
  duration: '30s',
}

// Every virtual user calls this again and again.
export default function () {
  const res = http.get(__ENV.TARGET || 'http://localhost:8080/')
  check(res, { 'status is 200': (r) => r.status === 200 })
  sleep(1)
}
