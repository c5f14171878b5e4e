// What npm's fhirclient (SMART's own), as it is, does on Node. https://github.com/smart-on-fhir/client-js
//     node with_smart.mjs BASE_URL TOKEN MARK
import smart from 'fhirclient';

const [base, token, mark] = process.argv.slice(2);
const request = { url: '/', headers: { host: 'localhost' } };
const client = smart(request, {}).client({
  serverUrl: base,
  tokenResponse: { access_token: token },
});
const system = 'urn:oid:1.2.392.100495.20.3.51.11718000001';
const steps = {};

const patient = await client.create({
  resourceType: 'Patient',
  identifier: [{ system, value: `smart-${mark}` }],
  name: [{ text: '能登 花子' }],
});
const id = patient.id;
for (const day of [1, 2, 3, 4, 5]) {
  await client.create({
    resourceType: 'Observation',
    status: 'final',
    code: { text: 'pulse' },
    subject: { reference: `Patient/${id}` },
    effectiveDateTime: `2026-04-0${day}`,
    valueInteger: day,
  });
}
const all = await client.request(`Observation?patient=${id}&_count=2&_sort=-date`, {
  pageLimit: 0,
  flat: true,
  resolveReferences: ['subject'],
});
steps.values = all.map((one) => one.valueInteger);
steps.subject = all[0].subject.id === id;
await client.update({ ...patient, gender: 'female' });
await client.patch(`Patient/${id}`, [{ op: 'replace', path: '/gender', value: 'other' }]);
steps.patched = (await client.request(`Patient/${id}`)).gender;
for (const one of all) await client.delete(`Observation/${one.id}`);
await client.delete(`Patient/${id}`);
steps.gone = await client.request(`Patient/${id}`).then(() => 200, (error) => error.status ?? error.statusCode);
console.log(JSON.stringify(steps));
