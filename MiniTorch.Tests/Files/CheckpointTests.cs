using MiniTorch.IO;
using MiniTorch.Nn;
using MiniTorch.Optim;

namespace MiniTorch.Tests.Files;

public class CheckpointTests
{
    private readonly TemporaryFolder _folder = new();

    [OneTimeTearDown]
    public void Remove() => _folder.Dispose();

    [Test]
    public void Values_of_all_kinds_are_replaced_by_those_of_the_file()
    {
        string path = _folder["values.safetensors"];
        new Checkpoint
        {
            ["int"] = int.MinValue, ["long"] = long.MaxValue, ["float"] = 0.1f, ["double"] = double.Epsilon, ["nan"] = double.NaN,
            ["infinity"] = double.NegativeInfinity,
            ["text"] = "integer:ü\n\"", ["truth"] = true, ["tensor"] = Tensor.From(new[] { 1.5, 2.5 }),
        }.Save(path);
        var read = new Checkpoint
        {
            ["int"] = 0, ["long"] = 0L, ["float"] = 0f, ["double"] = 0.0, ["nan"] = 0.0, ["infinity"] = 0.0, ["text"] = "", ["truth"] = false,
            ["tensor"] = Tensor.Zeros([0]),
        };

        read.TryLoad(path).ShouldBeTrue();

        read.Get<int>("int").ShouldBe(int.MinValue);
        read.Get<long>("long").ShouldBe(long.MaxValue);
        read.Get<float>("float").ShouldBe(0.1f);
        read.Get<double>("double").ShouldBe(double.Epsilon);
        read.Get<double>("nan").ShouldBe(double.NaN);
        read.Get<double>("infinity").ShouldBe(double.NegativeInfinity);
        read.Get<string>("text").ShouldBe("integer:ü\n\"");
        read.Get<bool>("truth").ShouldBeTrue();
        read.Get<Tensor>("tensor").ToArray<double>().ShouldBe([1.5, 2.5]);
    }

    [Test]
    public void Loaded_generators_continue_their_streams_and_so_does_the_default_one()
    {
        string path = _folder["generators.safetensors"];
        var generator = new Generator(3);
        Generator.ManualSeed(4);
        Tensor.Randn([3], generator);
        Tensor.Randn([5]);
        new Checkpoint { ["rng"] = generator }.Save(path);
        float[] own = Tensor.Randn([4], generator).ToArray<float>(), common = Tensor.Randn([4]).ToArray<float>();

        var fresh = new Generator(0);
        var run = new Checkpoint { ["rng"] = fresh };
        run.TryLoad(path).ShouldBeTrue();

        run["rng"].ShouldBeSameAs(fresh);
        Tensor.Randn([4], fresh).ToArray<float>().ShouldBe(own);
        Tensor.Randn([4]).ToArray<float>().ShouldBe(common);
    }

    [Test]
    public void Other_tools_find_the_weights_by_name()
    {
        var model = new Linear(2, 3);
        new Checkpoint { ["model"] = model, ["epoch"] = 4 }.Save(_folder["plain.safetensors"]);
        Safetensors.Load(_folder["plain.safetensors"])["model.weight"].ToArray<float>().ShouldBe(model.Weight.ToArray<float>());
        Safetensors.LoadMetadata(_folder["plain.safetensors"])["part.epoch"].ShouldBe("integer:4");
    }

    [Test]
    public void Only_a_missing_file_gives_false()
    {
        var run = new Checkpoint { ["epoch"] = 1 };
        run.TryLoad(_folder["missing.safetensors"]).ShouldBeFalse();
        run.TryLoad(_folder["no/such/folder.safetensors"]).ShouldBeFalse();
        Should.Throw<FileFormatException>(() => run.TryLoad(_folder.Write("empty.safetensors", [])));
        Safetensors.Save(_folder["tensors.safetensors"], new Dictionary<string, Tensor> { ["epoch"] = Tensor.Ones([1]) });
        Should.Throw<FileFormatException>(() => run.TryLoad(_folder["tensors.safetensors"])).Message.ShouldContain("this is not a checkpoint");
        run.Get<int>("epoch").ShouldBe(1);
    }

    [Test]
    public void State_that_does_not_fit_is_listed_whole_and_changes_nothing()
    {
        string path = _folder["other.safetensors"];
        var (model, other) = (new Linear(2, 3), new Linear(2, 4));
        new Checkpoint
        {
            ["model"] = new Linear(2, 3), ["optimizer"] = new SGD(other.Parameters(), lr: 0.5, momentum: 0.9), ["twin"] = other,
            ["epoch"] = 1L << 40, ["note"] = "x", ["extra"] = 1
        }.Save(path);
        float[] weight = model.Weight.ToArray<float>();
        var generator = new Generator(1);
        var optimizer = new Adam(model.Parameters(), lr: 0.25);
        var run = new Checkpoint
        {
            ["model"] = model, ["optimizer"] = optimizer, ["twin"] = new Linear(2, 3), ["epoch"] = 5, ["note"] = 1.5,
            ["rng"] = generator
        };
        byte[] common = Generator.Default.GetState();
        Tensor.Rand([3]);
        byte[] moved = Generator.Default.GetState();

        string message = Should.Throw<ValueException>(() => run.TryLoad(path)).Message;

        message.ShouldContain("nothing was changed");
        message.ShouldContain("unexpected extra");
        message.ShouldContain("missing rng");
        message.ShouldContain("optimizer: Adam.LoadStateDict");
        message.ShouldContain("weight has shape [4, 2] in the state and [3, 2] in the model");
        message.ShouldContain("epoch is 'integer:1099511627776' in the file, which does not fit Int32");
        message.ShouldContain("note is 'text:x' in the file, which does not fit Double");
        model.Weight.ToArray<float>().ShouldBe(weight);
        optimizer.Groups[0]["lr"].ShouldBe(0.25);
        run.Get<int>("epoch").ShouldBe(5);
        Generator.Default.GetState().ShouldBe(moved);
        moved.ShouldNotBe(common);
    }

    [Test]
    public void A_part_that_refuses_its_state_leaves_all_parts_as_they_were(
        [Range(0, 3)] int refusing, [Values] bool isOfTheFamily, [Values] bool failsAgain)
    {
        string path = _folder["parts.safetensors"];
        Part[] saved = [.. Enumerable.Range(0, 4).Select(i => new Part(i + 10))], parts = [.. Enumerable.Range(0, 4).Select(i => new Part(i))];
        Of(saved).Save(path);
        Checkpoint run = Of(parts);
        parts[refusing].Failure = isOfTheFamily ? new ValueException("not today") : new InvalidOperationException("broken");
        parts[refusing].FailsAgain = failsAgain;
        byte[] generator = Generator.Default.GetState();

        Exception error = Should.Throw<Exception>(() => run.TryLoad(path));

        error.ShouldBeOfType(isOfTheFamily ? typeof(ValueException) : typeof(InvalidOperationException));
        error.Message.ShouldContain(isOfTheFamily ? $"part{refusing}: not today" : "broken");
        for (int i = 0; i < parts.Length; i++)
            // A part that breaks while it loads may have changed; it is given its state again, and takes it if it can.
            if (i != refusing || !failsAgain || isOfTheFamily) parts[i].Value.Item<double>().ShouldBe(i, $"part {i}");
        Generator.Default.GetState().ShouldBe(generator);
        parts[refusing].Failure = null;
        run.TryLoad(path).ShouldBeTrue();
        parts.Select(part => part.Value.Item<double>()).ShouldBe([10, 11, 12, 13]);

        static Checkpoint Of(Part[] parts) => new() { ["part0"] = parts[0], ["part1"] = parts[1], ["part2"] = parts[2], ["part3"] = parts[3] };
    }

    /// <summary>One number, which refuses another or breaks half-way.</summary>
    private sealed class Part(double value) : IStateful
    {
        public Tensor Value { get; private set; } = Tensor.Full([], value, DType.Float64);

        public Exception? Failure { get; set; }

        public bool FailsAgain { get; set; }

        public OrderedDictionary<string, Tensor> StateDict() => new() { ["value"] = Value };

        public void LoadStateDict(IReadOnlyDictionary<string, Tensor> state)
        {
            Exception? failure = Failure;
            if (!FailsAgain) Failure = null;
            if (failure is ValueException) throw failure;
            Value = state["value"].Clone();
            if (failure is not null) throw failure;
        }
    }

    [Test]
    public void Misuse_is_explained()
    {
        var run = new Checkpoint { ["epoch"] = 1 };
        Should.Throw<ValueException>(() => run[""] = 1).Message.ShouldContain("must not be empty or contain a dot");
        Should.Throw<ValueException>(() => run["a.b"] = 1).Message.ShouldContain("must not be empty or contain a dot");
        Should.Throw<ValueException>(() => run["default_generator"] = 1).Message.ShouldContain("reserved");
        Should.Throw<ValueException>(() => run["model"] = null!).Message.ShouldBe("Checkpoint: 'model' is null");
        Should.Throw<ValueException>(() => run["date"] = DateTime.UnixEpoch).Message.ShouldContain("'date' is a DateTime");
        Should.Throw<ValueException>(() => run["model"]).Message.ShouldContain("there is no part 'model'");
        Should.Throw<ValueException>(() => run.Get<string>("epoch")).Message.ShouldContain("'epoch' is a Int32, not a String");
    }
}
