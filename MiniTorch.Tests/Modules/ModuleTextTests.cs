using MiniTorch.Nn;
using MiniTorch.Tests.Layers;
using static MiniTorch.Tests.Modules.TestModels;

namespace MiniTorch.Tests.Modules;

/// <summary>How modules are printed and summarized.</summary>
public class ModuleTextTests
{
    [Test]
    public void A_summary_lists_shapes_parameters_memory_and_operations()
    {
        var model = new Sequential(new Linear(64, 16), new ReLU(), new Linear(16, 10));
        // by hand: 32·64·16 and 32·16·10 multiplications with as many additions, 32·16 comparisons; 4 bytes a number
        string[][] cells = [.. model.Summary([32, 64]).Split('\n')
            .Select(line => line.Split("  ", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];
        cells[0].ShouldBe(["Layer", "Type", "Output", "Parameters", "Memory", "Operations"]);
        cells[2].ShouldBe(["(model)", "Sequential", "[32, 10]", "0", "1.3 kB", "0"]);
        cells[3].ShouldBe(["0", "Linear", "[32, 16]", "1,040", "6.2 kB", "65,536"]);
        cells[4].ShouldBe(["1", "ReLU", "[32, 16]", "0", "2.0 kB", "512"]);
        cells[5].ShouldBe(["2", "Linear", "[32, 10]", "170", "2.0 kB", "10,240"]);
        cells[7].ShouldBe(["total", "1,210", "11.5 kB", "76,288"]);
        model.Training.ShouldBeTrue();
        new Conv2d(3, 8, 3).Summary([2, 3, 6, 6]).ShouldContain("13,824"); // 2 · (2·8·4·4 outputs) · (3·3·3)
        Should.Throw<ShapeException>(() => model.Summary([32, 63])).ModulePath.ShouldBe("Sequential.0");
    }

    [Test]
    public void A_model_is_printed_as_PyTorch_prints_it()
    {
        var models = new Dictionary<string, Module>
        {
            ["empty"] = new Sequential(),
            ["mlp"] = new Sequential(new Linear(2, 16), new ReLU(), new Linear(16, 3, bias: false)),
            ["nested"] = new Sequential(new Sequential(new Conv2d(1, 4, 3, padding: 1), new BatchNorm2d(4)), new Flatten(),
                new Sequential(new Dropout(0.25))),
            ["list"] = new ModuleList<Module>(new Tanh(), new Linear(1, 1)),
            ["dict"] = new ModuleDict<Module> { { "left", new Linear(1, 2) }, { "right", new ModuleList<GELU>(new GELU()) } },
            ["loss"] = new CrossEntropyLoss(),
        };
        TextFile.Instance.Models.Keys.ShouldBe(models.Keys);
        foreach ((string name, string text) in TextFile.Instance.Models) models[name].ToString().ShouldBe(text);

        new Mlp(2, 3, 4).ToString()
            .ShouldBe("Mlp(\n  (fc1): Linear(in_features=2, out_features=3, bias=True)\n  (fc2): Linear(in_features=3, out_features=4, "
            + "bias=True)\n)");
        var ring = new Ring();
        ring.Next = ring;
        ring.ToString().ShouldBe("Ring(\n  (first): Linear(in_features=2, out_features=2, bias=False)\n  (next): Ring(...)\n)");
        new Hidden().ToString().ShouldBe("Hidden(...)");
    }
}
