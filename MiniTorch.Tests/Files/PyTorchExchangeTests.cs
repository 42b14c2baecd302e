using System.Globalization;
using MiniTorch.IO;
using MiniTorch.Nn;

namespace MiniTorch.Tests.Files;

/// <summary>Weights go to PyTorch and come back; the Python side reads and writes the published layout by hand.</summary>
public class PyTorchExchangeTests
{
    private const string Layout =
        """
        import json, struct, sys, torch

        NAMES = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
                 "I64": torch.int64, "I32": torch.int32, "I16": torch.int16, "I8": torch.int8, "U8": torch.uint8, "BOOL": torch.bool}

        def load(path):
            data = open(path, "rb").read()
            (length,) = struct.unpack("<Q", data[:8])
            header = json.loads(data[8:8 + length])
            header.pop("__metadata__", None)
            body = data[8 + length:]
            state = {}
            for name, entry in header.items():
                begin, end = entry["data_offsets"]
                dtype = NAMES[entry["dtype"]]
                flat = torch.frombuffer(bytearray(body[begin:end]), dtype=dtype) if end > begin else torch.empty(0, dtype=dtype)
                state[name] = flat.reshape(entry["shape"])
            return state

        def save(path, state):
            header, body = {}, b""
            for name, tensor in state.items():
                raw = bytes(tensor.contiguous().reshape(-1).view(torch.uint8).tolist()) if tensor.dtype != torch.bool else bytes(tensor.reshape(-1).tolist())
                header[name] = {"dtype": next(k for k, v in NAMES.items() if v == tensor.dtype), "shape": list(tensor.shape), "data_offsets": [len(body), len(body) + len(raw)]}
                body += raw
            text = json.dumps(header).encode()
            open(path, "wb").write(struct.pack("<Q", len(text)) + text + body)

        """;

    private readonly TemporaryFolder _folder = new();

    [OneTimeTearDown]
    public void Remove() => _folder.Dispose();

    [Test]
    public void PyTorch_computes_the_same_from_weights_saved_here()
    {
        Python.Assume("torch");
        Generator.ManualSeed(0);
        var model = new Sequential(new Linear(5, 7), new Tanh(), new Linear(7, 3));
        Tensor x = Tensor.Randn([4, 5]);
        var state = new OrderedDictionary<string, Tensor>(model.StateDict())
        {
            ["input"] = x, ["transposed"] = x.T, ["count"] = Tensor.Arange(3),
            ["mask"] = x > 0
        };
        Safetensors.Save(_folder["ours.safetensors"], state);

        string output = Python.Succeed(Layout +
            """
            state = load(sys.argv[1])
            x = state.pop("input")
            assert torch.equal(state.pop("transposed"), x.T)
            assert torch.equal(state.pop("count"), torch.arange(3))
            assert torch.equal(state.pop("mask"), x > 0)
            model = torch.nn.Sequential(torch.nn.Linear(5, 7), torch.nn.Tanh(), torch.nn.Linear(7, 3))
            model.load_state_dict(state)
            print(" ".join(repr(float(v)) for v in model(x).detach().double().reshape(-1)))
            """, _folder["ours.safetensors"]);

        float[] expected = model.Call(x).ToArray<float>();
        float[] theirs = [.. output.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(text => float.Parse(text, CultureInfo.InvariantCulture))];
        theirs.Length.ShouldBe(expected.Length);
        for (int i = 0; i < theirs.Length; i++) theirs[i].ShouldBe(expected[i], 1e-6);
    }

    [Test]
    public void Weights_saved_by_PyTorch_are_read_here()
    {
        Python.Assume("torch");
        Python.Succeed(Layout +
            """
            torch.manual_seed(0)
            model = torch.nn.Sequential(torch.nn.Linear(5, 7), torch.nn.Tanh(), torch.nn.Linear(7, 3))
            save(sys.argv[1], model.state_dict())
            real = torch.tensor([1.0, -2.5, 65504.0, 1e-7])
            save(sys.argv[2], {"f64": real.double(), "f16": real.half(), "bf16": real.bfloat16(), "i8": torch.tensor([-128, 127], dtype=torch.int8),
                               "u8": torch.tensor([0, 255], dtype=torch.uint8), "i16": torch.tensor([[-32768], [32767]], dtype=torch.int16),
                               "i32": torch.tensor(-2**31, dtype=torch.int32), "bool": torch.tensor([True, False])})
            save(sys.argv[3], {"f16": real.half().double(), "bf16": real.bfloat16().double()})
            """, _folder["model.safetensors"], _folder["types.safetensors"], _folder["exact.safetensors"]);

        Generator.ManualSeed(0); // the same seed makes the same weights, so what is read must be what is there
        var model = new Sequential(new Linear(5, 7), new Tanh(), new Linear(7, 3));
        OrderedDictionary<string, Tensor> state = Safetensors.Load(_folder["model.safetensors"]);
        foreach ((string name, Tensor value) in model.StateDict()) state[name].ToArray<float>().ShouldBe(value.ToArray<float>(), name);
        model.LoadStateDict(state).Unexpected.ShouldBeEmpty();

        OrderedDictionary<string, Tensor> types = Safetensors.Load(_folder["types.safetensors"]),
            exact = Safetensors.Load(_folder["exact.safetensors"]);
        types["f64"].DType.ShouldBe(DType.Float64);
        types["f16"].ToArray<double>().ShouldBe(exact["f16"].ToArray<double>());
        types["bf16"].ToArray<double>().ShouldBe(exact["bf16"].ToArray<double>());
        types["i8"].ToArray<long>().ShouldBe([-128, 127]);
        types["u8"].ToArray<long>().ShouldBe([0, 255]);
        types["i16"].Shape.ShouldBe([2, 1]);
        types["i16"].ToArray<long>().ShouldBe([-32768, 32767]);
        types["i32"].Item<long>().ShouldBe(int.MinValue);
        types["bool"].ToArray<bool>().ShouldBe([true, false]);
    }
}
